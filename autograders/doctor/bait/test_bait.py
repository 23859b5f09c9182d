"""Checks of a small exercise that only attacks are made on: what they would forge."""

import numpy as np

from autograders.checks import grades, require
from autograders.checks.comparing import require_close


def drawn(inputs: np.random.Generator) -> np.ndarray:
    """What `double` is asked about."""
    return inputs.normal(size=3).astype(np.float32)


@grades("double", points=1)
def test_doubles_when_called(submission, inputs):
    """`double(x)` is twice x."""
    x = drawn(inputs)
    require_close(submission.double(x).array(), 2 * x, "`double(x)`", "", "Return 2 * x.")


@grades("double", points=1)
def test_doubles_as_a_program(submission, inputs):
    """The program that JAX makes of `double` doubles too."""
    x = drawn(inputs)
    made = submission.double.program(np.zeros_like(x))
    require_close(made(x).array(), 2 * x, "What the program of `double` returns", "", "Return 2 * x.")


@grades("answer", points=1)
def test_names_the_answer(submission):
    """`answer` is 42."""
    require(submission.value("answer").number() == 42, "`answer` is not 42.", "", "Write 42.")


@grades("tally", points=1)
def test_tallies(submission, inputs):
    """`Tally().add(total, n)` is the new total, twice over."""
    one, two = (int(n) for n in inputs.integers(1, 100, size=2))
    add = submission.Tally().method("add")
    total = add(add(one, two), two).number()
    require(total == one + 2 * two, "`add` does not add.", "", "Return total + n.")
