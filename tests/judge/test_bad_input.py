"""Whatever is handed in: a clear message, nothing lost, and the rest is graded."""

import contextlib
import copy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograders import cli
from autograders.judge import grading, learners, submissions
from autograders.judge.learners import Engine
from autograders.learner.session import MAX_OUTPUT
from autograders.sandbox.limits import Limits
from tests.helpers import FULL, answered, cell, grade, points, run, said, solved, version_3, with_cell


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine(Limits(cell_s=1.0, grace_s=1.0))
    yield made
    made.close()


def text(**changes: object) -> str:
    """The solved notebook's file with other values at its top."""
    return json.dumps({**solved(), **changes})


NO_EXERCISE = {"cells": [{"cell_type": "code", "source": "print(1)", "metadata": {}, "outputs": []}], "metadata": {}}

UNREADABLE = {
    "random text": ("a.ipynb", "Dear teacher, here is my homework.", "not a notebook"),
    "nothing": ("a.ipynb", "", "not a notebook"),
    "word processor": ("homework.docx", "PK\3\4", "neither a notebook (.ipynb) nor a Python file"),
    "cut off": ("a.ipynb", text()[:3000], "cut off"),
    "nested without end": ("a.ipynb", "[" * 100_000, "not a notebook"),
    "a list": ("a.ipynb", "[1, 2]", "it has no nbformat number"),
    "no nbformat": ("a.ipynb", '{"cells": []}', "it has no nbformat number"),
    "nbformat 7": ("a.ipynb", text(nbformat=7), "notebook format 7 is newer than this grader knows (4)"),
    "cells are numbers": ("a.ipynb", text(cells=[1, 2]), "whose cells cannot be read"),
    "no exercise": (
        "homework.ipynb",
        text(**NO_EXERCISE),
        "which exercise this answers cannot be told. Say it with --exercise",
    ),
    "empty script": ("a.py", "", "which exercise this answers cannot be told"),
    "latin-1 script": ("a.py", b"x = '\xfc'", "Save it as UTF-8"),
}


@pytest.mark.parametrize("name, content, message", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_files_are_refused_with_advice(tmp_path, name, content, message):
    """The message names the file, what is wrong with it, and what to do."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(submissions.Unreadable) as refused:
        submissions.read(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert message in str(refused.value)


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_paths_without_a_file_are_refused(tmp_path, kind):
    """A path that leads to no file, or to a folder, is named in the message."""
    path = tmp_path / "a.ipynb"
    if kind == "folder":
        path.mkdir()
    with pytest.raises(submissions.Unreadable, match="Check the path and its permissions"):
        submissions.read(path)


def test_unknown_exercise_is_refused_with_the_known_ones(tmp_path):
    """An exercise that the caller names and that does not exist is not guessed around."""
    path = tmp_path / "a.ipynb"
    path.write_text(text())
    with pytest.raises(submissions.Unreadable, match="no exercise is called 'cooking'. There are: counter, "):
        submissions.read(path, "cooking")


def every_cell(**values: object) -> list[dict]:
    return [{**c, **values} for c in solved().cells]


BIG = [{"output_type": "stream", "name": "stdout", "text": "x" * 50_000_000}]

READABLE = {
    "as saved": ("counter.ipynb", text),
    "renamed": ("homework(1).ipynb", text),
    "non-ASCII path with spaces": ("übung 1 ναι.ipynb", text),
    "upper-case ending": ("COUNTER.IPYNB", text),
    "no metadata, told by its names": ("homework.ipynb", lambda: text(metadata={})),
    "metadata of another course": ("homework.ipynb", lambda: text(metadata={"stateless": {"exercise": "cooking"}})),
    "metadata of another form": ("homework.ipynb", lambda: text(metadata={"stateless": "counter"})),
    "byte order mark": ("a.ipynb", lambda: "\ufeff" + text()),
    "nbformat 3": ("a.ipynb", lambda: json.dumps(version_3(solved()))),
    "nbformat 4.99": ("a.ipynb", lambda: text(nbformat_minor=99)),
    "duplicate cell ids": ("a.ipynb", lambda: text(cells=every_cell(id="same"))),
    "cell ids of a wrong kind": ("a.ipynb", lambda: text(cells=every_cell(id=5))),
    "no cell ids": ("a.ipynb", lambda: text(cells=[{k: v for k, v in c.items() if k != "id"} for c in solved().cells])),
    "50 MB of outputs": (
        "a.ipynb",
        lambda: text(cells=[c | {"outputs": BIG} if not i else c for i, c in enumerate(solved().cells)]),
    ),
    "Windows line ends": (
        "a.ipynb",
        lambda: text(cells=[c | {"source": c.source.replace("\n", "\r\n")} for c in solved().cells]),
    ),
}


@pytest.mark.parametrize("name, content", READABLE.values(), ids=READABLE)
def test_readable_files_give_the_same_cells(tmp_path, name, content):
    """Age, name, ids, outputs and line ends of a file do not change what is graded."""
    path = tmp_path / name
    path.write_text(content(), encoding="utf-8", newline="")
    handed = submissions.read(path)
    assert handed.exercise == "counter"
    assert [c.source for c in handed.cells] == [c.source for c in solved().cells if c.cell_type == "code"]


def test_nbformat_3_is_graded(engine):
    """A notebook in a format of 2013 gets the points of its answers."""
    assert points(grade(version_3(solved()), engine)) == FULL


def deleted(notebook: dict) -> None:
    notebook.cells.remove(cell(notebook, "counter_v2"))


def edited(notebook: dict) -> None:
    cell(notebook, "counter_v2").source = "assert False"


def copied_twice(notebook: dict) -> None:
    notebook.cells += [copy.deepcopy(cell(notebook, "counter_v2")) for _ in range(2)]


def made_markdown(notebook: dict) -> None:
    cell(notebook, "counter_v2").cell_type = "markdown"


@pytest.mark.parametrize("change", [deleted, edited, copied_twice, made_markdown], ids=lambda change: change.__name__)
def test_points_do_not_hang_on_check_cells(engine, change):
    """A check cell that is deleted, edited, copied or made text changes no point: answers are graded, not cells."""
    notebook = solved()
    change(notebook)
    result = grade(notebook, engine)
    assert points(result) == FULL
    assert result.status == "graded"


def test_answers_before_the_imports(engine):
    """With its cells in reverse order, what could be defined counts, and the rest is said to be undefined."""
    notebook = solved()
    notebook.cells.reverse()
    result = grade(notebook, engine)
    assert points(result) == {"predict": 2.0, "counter_v2": 0.0, "running_mean": 0.0, "count_many": 0.0}
    assert "`CounterV2` is not defined" in said(result) and "stopped with NameError" in said(result)
    assert result.status == "graded"


def test_a_notebook_without_cells(engine):
    """No points, and every question says what is missing."""
    result = grade({**solved(), "cells": []}, engine)
    assert set(points(result).values()) == {0.0}
    assert all(q.checks[0].what.endswith("is not defined.") for q in result.questions)
    assert result.status == "graded"


SWALLOWS = "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except BaseException:\n        pass"

TROUBLE = {
    "syntax error": ("def broken(:", "stopped with SyntaxError"),
    "null byte": ("x = 1\0", "stopped with SyntaxError"),
    "input": ("name = input('Name? ')", "stopped with EOFError"),
    "endless loop": ("while True: pass", "stopped by the time limit"),
    "endless sleep": ("import time\ntime.sleep(1e9)", "stopped by the time limit"),
    "swallows everything": (SWALLOWS, "did not come to an end (it took more than 2 s)"),
    "sys.exit": ("import sys\nsys.exit()", "stopped with SystemExit"),
    "exit": ("exit()", "stopped with SystemExit"),
    "os._exit": ("import os\nos._exit(0)", "did not come to an end (the process ended)"),
    "segmentation fault": (
        "import ctypes\nctypes.string_at(0)",
        "did not come to an end (its process ended with SIGSEGV)",
    ),
    "exception that cannot be printed": ("class E(Exception):\n    def __str__(self): 1 / 0\nraise E", "stopped with"),
}


@pytest.mark.parametrize("source, note", TROUBLE.values(), ids=TROUBLE)
def test_trouble_in_one_cell_leaves_the_others(engine, source, note):
    """A cell that fails, hangs or ends its process costs no other cell a point, and is named."""
    result = grade(with_cell(source), engine)
    assert points(result) == FULL
    assert [n for n in result.notes if n.startswith("code cell 2 ") and note in n] == list(result.notes)
    assert result.status == "graded"


def test_too_many_crashes_are_told(engine):
    """When cell after cell ends the process, the rest is not run, and says so."""
    notebook = solved()
    for _ in range(5):
        with_cell("import os\nos._exit(0)", notebook)
    result = grade(notebook, engine)
    assert "not run, because too many cells before it ended the process" in said(result)
    assert result.status == "graded"


ENDS = "import os\ndef init_mean(shape=()):\n    return 0.0\ndef update_mean(state, x):\n    os._exit(0)"
ENDS_METHOD = (
    "import os\nclass CounterV2:\n    def reset(self):\n        return 0\n    def count(self, n):\n        os._exit(0)"
)
MEAN = "def init_mean(shape=()):\n    return jnp.zeros(shape)\ndef update_mean(state, x):\n    return "

WRONG = {
    "syntax error": ("running_mean", "def init_mean(:", "`init_mean` is not defined"),
    "empty": ("running_mean", "", "`init_mean` is not defined"),
    "wrong kind": ("count_many", "count_many = 3", "'int' object is not callable"),
    "class of a wrong kind": ("counter_v2", "CounterV2 = 3", "'int' object is not callable"),
    "too few arguments": (
        "count_many",
        "def count_many(state): return state",
        "takes 1 positional argument but 2 were given",
    ),
    "one value returned": ("running_mean", f"{MEAN} x", "must return (mean, state), but returned an array"),
    "three values returned": ("running_mean", f"{MEAN} x, x, x", "must return (mean, state), but returned 3 values"),
    "sys.exit in a function": ("running_mean", ENDS.replace("os._exit(0)", "raise SystemExit"), "raised SystemExit"),
    "os._exit in a function": ("running_mean", ENDS, "`update_mean` did not come to an end: the process ended"),
    "os._exit in a method": ("counter_v2", ENDS_METHOD, "`count` did not come to an end: the process ended"),
}


@pytest.mark.parametrize("question, answer, message", WRONG.values(), ids=WRONG)
def test_a_wrong_answer_costs_its_question_only(engine, stand_ins, question, answer, message):
    """What is missing, of a wrong kind, or ends the process is told, and only its own question loses points."""
    handed = submissions.from_notebook(answered(**{question: answer}), Path("x.ipynb"), b"")
    result, _ = grading.grade("x", handed, engine, references=stand_ins("counter"))
    assert points(result) == FULL | {question: 0.0}
    assert message in said(result)
    assert result.status == "graded"


@pytest.mark.parametrize(
    "place, expected", [(1, FULL), (99, FULL | {"count_many": 0.0})], ids=["right one last", "wrong one last"]
)
def test_of_two_definitions_the_last_counts(engine, place, expected):
    """A name that is defined twice means what it means in a notebook: the definition that ran last."""
    assert points(grade(with_cell("def count_many(state, n):\n    return n", at=place), engine)) == expected


NOISE = {
    "warning": "import warnings\nwarnings.warn('careful')",
    "stderr": "import sys\nprint('careful', file=sys.stderr)",
    "logging": "import logging\nlogging.error('careful')",
    "float64 asked for": "jnp.zeros(2, dtype='float64')",
    "warnings as errors": "import warnings\nwarnings.simplefilter('error')",
    "non-ASCII names": "größe = 'ναι'\nprint(größe)",
    "lone surrogate": "x = '\ud800'",
    "lone surrogate printed": "print('\\ud800')",
    "shell line": "!ls",
    "shell line with an answer": "files = !ls",
    "shell cell": "%%bash\nls",
    "script cell": "%%script sh\nls",
    "pip": "%pip install jax",
}


@pytest.mark.parametrize("source", NOISE.values(), ids=NOISE)
def test_noise_changes_no_point(engine, source):
    """Warnings, stderr, names in other alphabets and shell lines are no errors."""
    result = grade(with_cell(source), engine)
    assert points(result) == FULL
    assert (result.notes, result.status) == ((), "graded")


@pytest.mark.parametrize("source", ["!ls", "files = !ls", "%%bash\nls", "%%script sh\nls", "%%sh\nls", "%sx ls"])
def test_shell_commands_get_a_clear_answer(engine, source):
    """Where a shell command stands, the output says that there is no shell while grading."""
    _, ran = run(with_cell(source), engine)
    assert "not available while grading" in "".join(ran[1].outputs)


LOUD = {
    "10 MB printed": "print('x' * 10_000_000)",
    "10 MB as a result": "'x' * 10_000_000",
    "1,000 pictures": "for _ in range(1000):\n    display({'text/html': 'x' * 10_000}, raw=True)",
}


@pytest.mark.parametrize("source", LOUD.values(), ids=LOUD)
def test_loud_answers_are_cut_and_graded(engine, source):
    """An answer cell that shows 10 MB keeps its points; a bounded part of what it showed is kept."""
    notebook = solved()
    cell(notebook, "running_mean_answer").source += f"\n{source}"
    result, ran = run(notebook, engine)
    assert points(result) == FULL
    assert max(len(output) for one in ran.values() for output in one.outputs) < 2 * MAX_OUTPUT
    assert result.status == "graded"


def test_the_rest_of_a_class_is_graded(engine, monkeypatch, tmp_path):
    """Among a good file, a cut-off one and an empty folder, the good one is graded and the others are named."""
    monkeypatch.setattr(learners, "engine", lambda: contextlib.nullcontext(engine))
    for learner, content in {"ada": text(), "bo": text()[:3000], "eve": ""}.items():
        (tmp_path / learner).mkdir()
        if content:
            (tmp_path / learner / "counter.ipynb").write_text(content)
    command = ["grade", "--json", str(tmp_path / "ada"), str(tmp_path / "bo"), str(tmp_path / "eve")]
    done = CliRunner().invoke(cli.app, [*command, "--course", str(tmp_path)])
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(Path(r["source"]).parent.name, r["status"], r["points"]) for r in results] == [
        ("ada", "graded", 9.0),
        ("bo", "internal", 0.0),
    ]
    assert "bo/counter.ipynb: not a notebook, or one that was cut off" in done.stderr
    assert "eve: a folder without a notebook. Nothing was handed in here." in done.stderr
    assert done.exit_code == 1
