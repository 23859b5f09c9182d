"""A learner's ways in: check() in a cell, pytest on a notebook, and the command line."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograders.course.assignments import copy_to
from autograders.course.classroom import hand_in
from tests.conftest import ROOT

pytestmark = pytest.mark.xdist_group("learner_ways")
WRONG = "bad__leaves_the_state_unchanged__dict_mutated_and_returned"


def command(folder: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A started folder: counter answered with one mistake, linen_module as it came."""
    made = tmp_path_factory.mktemp("my exercises")
    copy_to(made)
    (made / "train_step.ipynb").unlink()
    hand_in(made / "counter.ipynb", ROOT / "tests" / "submissions" / "counter" / f"{WRONG}.py")
    return made


def executed(source: str) -> nbformat.NotebookNode:
    """A notebook with this cell, run in a real kernel behind the solved answers of `counter`."""
    notebook = nbformat.read(ROOT / "solutions" / "counter" / "counter.ipynb", as_version=4)
    answers = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "counter_v2_answer"]
    setup = [c for c in notebook.cells if "setup" in c.metadata.get("tags", [])]
    notebook.cells = [*setup, *answers, nbformat.v4.new_code_cell(source)]
    NotebookClient(notebook, timeout=120).execute()
    return notebook


def test_check_in_a_cell():
    """check("counter_v2") in a kernel shows a verdict in HTML and in plain text, and raises nothing."""
    output = executed('check("counter_v2")').cells[-1].outputs[-1]
    assert "3 of 3 points" in output.data["text/html"]
    assert "3 of 3 points" in output.data["text/plain"]


def test_check_of_an_unknown_question():
    """A wrong name is answered with the right ones."""
    output = executed('check("counter")').cells[-1].outputs[-1]
    assert "counter_v2" in output.data["text/plain"]


def test_pytest_on_a_notebook(folder):
    """`pytest counter.ipynb` runs the checks of the exercise and says what, why and a hint."""
    done = command(folder, "pytest", "counter.ipynb", "-p", "no:cacheprovider")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed" in done.stdout
    assert "leaves_the_state_unchanged" in done.stdout
    assert "changed the state that it was given, in place" in done.stdout
    assert "hint:" in done.stdout


def test_plain_pytest_in_a_folder(folder):
    """Plain `pytest` finds every exercise notebook, and leaves other people's notebooks alone."""
    (folder / "shopping.ipynb").write_text(
        json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    done = command(folder, "pytest", "--co", "-q", "-p", "no:cacheprovider")
    assert "counter.ipynb" in done.stdout
    assert "linen_module.ipynb" in done.stdout
    assert "shopping" not in done.stdout


def test_stateless_check(folder):
    """`stateless check NOTEBOOK QUESTION` shows that question, and its status tells whether all is well."""
    done = command(folder, "autograders.cli", "check", "counter.ipynb", "counter_v2")
    assert done.returncode == 1
    assert "2.75 of 3 points" in done.stdout
    assert command(folder, "autograders.cli", "check", "counter.ipynb", "running_mean").returncode == 0


def test_the_readme_shows_what_is_really_said(tmp_path):
    """Every line of the README's example stands in the output of that command, in this order."""
    copy_to(tmp_path)
    (wrong,) = (ROOT / "tests" / "submissions" / "counter").glob("*still_on_self.py")
    hand_in(tmp_path / "counter.ipynb", wrong)
    said = command(tmp_path, "autograders.cli", "check", "counter.ipynb", "counter_v2").stdout
    example = (
        (ROOT / "README.md").read_text().split("$ stateless check counter.ipynb counter_v2\n")[1].split("  ...\n")[0]
    )
    assert example in said


def test_stateless_check_without_notebooks(tmp_path):
    """An empty folder gets advice."""
    done = command(tmp_path, "autograders.cli", "check")
    assert done.returncode == 2
    assert "stateless start" in done.stderr


def test_stateless_start_and_hint(tmp_path):
    """`start` puts three notebooks into a folder, and `hint` gives one step at a time."""
    assert command(tmp_path, "autograders.cli", "start", "new folder").returncode == 0
    assert len(list((tmp_path / "new folder").glob("*.ipynb"))) == 3
    hints = [command(tmp_path, "autograders.cli", "hint", "counter_v2", str(step)).stdout for step in (1, 2, 3)]
    assert len(set(hints)) == 3
    assert "counter_v2" in command(tmp_path, "autograders.cli", "hint", "nonsense").stderr


def test_stateless_grade_goes_on_after_a_bad_file(folder, tmp_path):
    """A file that cannot be graded is named on stderr, marked internal in the JSON, and the others are graded."""
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    done = command(folder, "autograders.cli", "grade", str(broken), "counter.ipynb", "--json")
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["status"], first["points"]) == ("internal", 0)
    assert (second["status"], second["points"], second["source"]) == ("graded", 8.75, "counter.ipynb")
    assert "broken.ipynb" in done.stderr
    assert done.returncode == 1
