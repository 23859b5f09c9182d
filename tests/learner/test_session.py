"""Cells run as in a notebook: magics, rich outputs, plots, errors, kept cell by cell."""

import json
import sys

import pytest

from autograders.learner.messages import Call, Cell, Lookup, Returned, Scalar, Target

CELLS = {
    "value": "1 + 1",
    "print": "print('said')",
    "rich": "from IPython.display import HTML\nHTML('<b>bold</b>')",
    "plot": "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
    "magic": "%time x = 3",
    "warning": "import warnings\nwarnings.warn('careful')",
    "error": "1 / 0",
    "syntax": "def f(:",
    "shell": "!ls /",
    "asks": "input('name? ')",
    "await": "import asyncio\nawait asyncio.sleep(0)\n'slept'",
    "last": "x",
}


def test_no_output_names_a_folder_of_the_grader(outputs):
    """Tracebacks and warnings show file names, not where the grader is installed."""
    shown = "".join(text for text, _ in outputs.values())
    assert sys.prefix not in shown
    assert sys.base_prefix not in shown


@pytest.fixture(scope="module")
def outputs(engine) -> dict[str, tuple[str, str]]:
    """For each cell its outputs as one text, and its error."""
    learner = engine.learner([Cell(i, source) for i, source in enumerate(CELLS.values())])
    learner.start()
    learner.close()
    return {
        name: (json.dumps([json.loads(o) for o in learner.ran[i].outputs]), learner.ran[i].error)
        for i, name in enumerate(CELLS)
    }


@pytest.mark.parametrize(
    "cell, shown, error",
    [
        ("value", '"text/plain": "2"', ""),
        ("print", "said", ""),
        ("rich", "<b>bold</b>", ""),
        ("plot", "image/png", ""),
        ("magic", "Wall time", ""),
        ("warning", "careful", ""),
        ("error", "ZeroDivisionError", "ZeroDivisionError"),
        ("syntax", "SyntaxError", "SyntaxError"),
        ("shell", "not available while grading", ""),
        ("asks", "nobody to ask", "EOFError"),
        ("await", "slept", ""),
        ("last", '"text/plain": "3"', ""),
    ],
    ids=list(CELLS),
)
def test_a_cell_shows_what_it_would_in_jupyter(outputs, cell, shown, error):
    """Each kind of cell leaves its output, and an error ends that cell only."""
    assert shown in outputs[cell][0]
    assert outputs[cell][1] == error


def test_what_stopped_a_cell_is_told_where_its_name_is_missing(engine):
    """A later cell that defines the name all the same makes it known."""
    cells = ["class Net:\n    a = missing", "value = 1 / 0\nother = 2", "f = (", "def g(:", "g = 3"]
    learner = engine.learner([Cell(i, source) for i, source in enumerate(cells)])
    learner.start()
    asked = {name: learner.ask(Lookup(Target(name))) for name in ("Net", "value", "other", "f", "never")}
    known = learner.ask(Lookup(Target("g")))
    learner.close()
    stopped = {name: reply.stopped and reply.stopped.types[0] for name, reply in asked.items()}
    zero = "ZeroDivisionError"
    assert stopped == {"Net": "NameError", "value": zero, "other": zero, "f": "SyntaxError", "never": None}
    assert isinstance(known, Returned)


def test_writing_to_a_name_with_an_underscore_is_seen(engine):
    """Only the names that IPython itself gives are not the learner's."""
    learner = engine.learner([Cell(0, "_store = {'n': 0}\ndef f():\n    _store['n'] += 1\n5")])
    learner.start()
    wrote = learner.ask(Call(Target("f"), watch=True)).wrote
    learner.close()
    assert [place.path for place in wrote] == ["the global _store['n']"]


def test_a_function_is_compiled_for_one_call(engine):
    """Three rounds run the body of `step` once while it is lent jit, and three times after that."""
    cells = [
        "ran = []\ndef step(n):\n    ran.append(n)\n    return n + 1",
        "def rounds():\n    for n in range(3):\n        step(n)\n    return len(ran)",
    ]
    learner = engine.learner([Cell(i, source) for i, source in enumerate(cells)])
    learner.start()
    counted = [learner.ask(Call(Target("rounds"), compiled=name)).value.leaves[0] for name in ("step", "", "nowhere")]
    learner.close()
    assert counted == [Scalar(1), Scalar(4), Scalar(7)]
