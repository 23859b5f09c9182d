"""Submissions built for a test from the solved counter notebook, and their points."""

import copy
import functools
import json
from pathlib import Path

import msgspec
import nbformat
from nbformat.v4 import new_code_cell

from autograders.course.results import Graded
from autograders.judge import grading, submissions
from autograders.judge.learners import Engine
from autograders.judge.verdicts import Result
from autograders.learner.messages import Ran
from autograders.sandbox.zygote import FEW

ROOT = Path(__file__).parents[1]
RIGHT = sorted((ROOT / "tests" / "submissions" / "counter").glob("good__*.py"))[:6]
FULL = {"predict": 2.0, "counter_v2": 3.0, "running_mean": 2.0, "count_many": 2.0}


@functools.cache
def _solved() -> nbformat.NotebookNode:
    notebook = nbformat.read(ROOT / "solutions" / "counter" / "counter.ipynb", as_version=4)
    notebook.cells = [c for c in notebook.cells if "nbgrader" in c.metadata or "setup" in c.metadata.get("tags", [])]
    return notebook


def solved() -> nbformat.NotebookNode:
    """The counter notebook with every question answered; of the other cells only those that answers need."""
    return copy.deepcopy(_solved())


def cell(notebook: nbformat.NotebookNode, id: str) -> nbformat.NotebookNode:
    """The cell with this grade_id: `counter_v2` is a check, `counter_v2_answer` its answer."""
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == id)


def answered(**answers: str) -> nbformat.NotebookNode:
    """The solved notebook with other answers to some questions."""
    notebook = solved()
    for question, source in answers.items():
        cell(notebook, f"{question}_answer").source = source
    return notebook


def with_cell(source: str, notebook: nbformat.NotebookNode | None = None, at: int = 1) -> nbformat.NotebookNode:
    """A notebook, the solved one if none is given, with one more code cell: after the imports unless told otherwise."""
    notebook = notebook or solved()
    notebook.cells.insert(at, new_code_cell(source))
    return notebook


def version_3(notebook: nbformat.NotebookNode) -> dict:
    """A notebook as Jupyter wrote it before 2015."""
    cells = [
        {
            "cell_type": "code",
            "language": "python",
            "collapsed": False,
            "input": c.source,
            "outputs": [],
            "metadata": {},
        }
        if c.cell_type == "code"
        else {"cell_type": "markdown", "source": c.source, "metadata": {}}
        for c in notebook.cells
    ]
    return {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": cells, "metadata": {}}],
    }


def run(notebook: dict, engine: Engine) -> tuple[Result, dict[int, Ran]]:
    """Grade a notebook as it would be graded from a file; what its cells showed comes along."""
    path, content = Path("counter.ipynb"), json.dumps(notebook).encode()
    handed = submissions.from_notebook(submissions.parse_notebook(content, path), path, content)
    return grading.grade(str(path), handed, engine)


def grade(notebook: dict, engine: Engine) -> Result:
    """Grade a notebook as it would be graded from a file."""
    return run(notebook, engine)[0]


def points(result: Result) -> dict[str, float]:
    """Points by question."""
    return {q.id: q.points for q in result.questions}


def said(result: Result) -> str:
    """All that a result tells about what went wrong: the notes on cells, and the messages of checks that did not pass."""
    checks = [check for question in result.questions for check in question.checks if check.status != "pass"]
    return "\n".join([*result.notes, *(f"{c.what} {c.why} {c.hint}" for c in checks)])


def without_usage(document: dict) -> dict:
    """A result's JSON without what grading took, which is another figure in every run."""
    return {key: value for key, value in document.items() if key != "usage"}


def warm_up(engine: Engine) -> None:
    """Let so many learners come that the backend of those after them runs already."""
    for _ in range(FEW + 1):
        learner = engine.learner([])
        learner.start()
        learner.close()


def made_up(source: str) -> Graded:
    """A result that is sure, for a file that nobody has graded."""
    result = msgspec.structs.replace(grading.ungraded(source, ""), status="graded", notes=(), exercise="counter")
    return Graded(result, {0: Ran((), "")})
