"""assignments/ is a fresh release of solutions/, and holds nothing of a solution."""

import shutil
import zipfile
from pathlib import Path

import jupytext
import nbformat
import pytest
from hatchling.builders.wheel import WheelBuilder

from autograders import exercises
from autograders.course import materials
from autograders.course.assignments import copy_to
from autograders.course.release import release
from tests.conftest import ROOT

pytestmark = pytest.mark.xdist_group("release")


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The course folder, released anew somewhere else."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "solutions", folder / "solutions")
    shutil.copyfile(ROOT / "nbgrader_config.py", folder / "nbgrader_config.py")
    release(folder)
    return folder


def answer_lines() -> set[str]:
    """Every line between the solution marks that does not stand outside of them too, blanks and lone words left out."""
    inside, outside = set(), set()
    for text in (ROOT / "solutions").glob("*/*.py"):
        hidden = False
        for line in text.read_text().split("\n"):
            hidden = (hidden or "### BEGIN SOLUTION" in line) and "### END SOLUTION" not in line
            (inside if hidden and "### BEGIN" not in line else outside).add(line.strip(" #"))
    return {line for line in inside - outside if len(line) > 12}


def lines_of(name: str, content: bytes) -> set[str]:
    """The lines of a text file, or of the cells of a notebook."""
    text = content.decode("utf-8", "replace")
    if name.endswith(".ipynb"):
        text = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
    return {line.strip(" #") for line in text.split("\n")}


@pytest.mark.parametrize("name", exercises.names())
def test_assignments_are_fresh(copy, name):
    """Stale? Run `stateless release` and commit what it made."""
    for kind in ("assignments", "solutions"):
        made, committed = (folder / kind / name / f"{name}.ipynb" for folder in (copy, ROOT))
        assert made.read_bytes() == committed.read_bytes(), f"{committed} is stale: run `stateless release`"


def test_two_releases_are_the_same_bytes(copy):
    """Releasing once more changes no byte."""
    before = {path: path.read_bytes() for path in (copy / "assignments").rglob("*.ipynb")}
    release(copy)
    assert {path: path.read_bytes() for path in (copy / "assignments").rglob("*.ipynb")} == before


def test_text_and_notebook_are_a_pair():
    """The notebook in solutions/ is made from the text beside it, and a percent file gives it back."""
    for text in (ROOT / "solutions").glob("*/*.py"):
        made = materials.dump(materials.text_to_notebook(text))
        assert made == text.with_suffix(".ipynb").read_text()
        assert [c.source for c in jupytext.reads(made, "ipynb").cells] == [c.source for c in jupytext.read(text).cells]


def test_there_are_answers_to_look_for():
    """The search below can fail: it looks for many lines, the core of each answer among them."""
    lines = answer_lines()
    assert len(lines) > 40
    assert any("softmax_cross_entropy_with_integer_labels" in line for line in lines)


def test_no_line_of_an_answer_is_released():
    """assignments/ holds only notebooks, and no line of an answer."""
    files = [path for path in (ROOT / "assignments").rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == sorted(f"{name}.ipynb" for name in exercises.names())
    assert not answer_lines() & {line for path in files for line in lines_of(path.name, path.read_bytes())}


def test_nothing_of_a_solution_is_in_the_wheel(tmp_path):
    """The wheel holds the package and the released notebooks, and no line of an answer."""
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        held = {line for name in names for line in lines_of(name, archive.read(name))}
    assert {name.split("/")[0] for name in names} == {"autograders", "stateless_flax-0.1.0.dist-info"}
    assert "autograders/assignments/counter/counter.ipynb" in names
    assert not answer_lines() & held


def test_start_leaves_what_is_there(tmp_path):
    """`stateless start` copies the released notebooks and never overwrites a learner's."""
    (tmp_path / "counter.ipynb").write_text("mine")
    copied = copy_to(tmp_path)
    assert sorted(path.name for path in copied) == ["linen_module.ipynb", "train_step.ipynb"]
    assert (tmp_path / "counter.ipynb").read_text() == "mine"
