"""An exception of a learner's code is explained: what happened, why, what to try."""

import pytest

from autograders.judge.explaining import EXPLANATIONS, explain
from autograders.learner.messages import Cell, Raised

CASES = {
    "TracerBoolConversionError": "def f(x): return x if x > 0 else -x",
    "TracerIntegerConversionError": "def f(x): return sum(range(jnp.int32(x)))",
    "TracerArrayConversionError": "def f(x): return np.sin(x)",
    "NonConcreteBooleanIndexError": "def f(x): return jnp.ones(3)[jnp.ones(3) * x > 0].sum()",
    "ConcretizationTypeError": "def f(x): return float(x)",
    "NameError": "def f(x): return y",
    "EOFError": "def f(x): return input()",
}


@pytest.mark.parametrize("kind, source", CASES.items(), ids=list(CASES))
def test_the_classes_are_those_that_are_raised(engine, kind, source):
    """Each explanation belongs to an exception that such code really raises, and the learner's line is shown."""
    import numpy as np

    from autograders.checks import Failure
    from autograders.judge.handle import Submission

    learner = engine.learner([Cell(0, "import jax, jax.numpy as jnp, numpy as np"), Cell(1, source)])
    learner.start()
    try:
        with pytest.raises(Failure) as caught:
            Submission(learner.ask, engine.evaluate).f.program(np.float32(1))
    finally:
        learner.close()
    assert caught.value.why == EXPLANATIONS[kind][0]
    assert source.split("return")[1].strip() in caught.value.what


def test_a_stub_that_was_left_is_unsolved():
    """NotImplementedError is no mistake but an unanswered question."""
    failure = explain("count(n)", Raised(("NotImplementedError", "RuntimeError", "Exception"), ""))
    assert failure.unsolved
    assert failure.what == "`count(n)` still raises NotImplementedError."


def test_an_unknown_exception_shows_its_text_and_line():
    """What we have no words for keeps its own, shortened to the first line."""
    failure = explain("f(x)", Raised(("OddError", "Exception"), "first\nsecond", "return g(x)"))
    assert failure.what == "`f(x)` raised OddError, at the line `return g(x)`: first"
    assert failure.why
    assert failure.hint
