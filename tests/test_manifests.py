"""Manifests, checks and notebooks tell the same story."""

import jupytext
import nbformat
import pytest

from autograders import exercises
from tests.conftest import ROOT

EXERCISES = exercises.names()


def source(name: str):
    return jupytext.read(ROOT / "solutions" / name / f"{name}.py")


def graded_cells(name: str) -> dict:
    return {c.metadata.nbgrader.grade_id: c for c in source(name).cells if c.metadata.get("nbgrader", {}).get("grade")}


@pytest.mark.parametrize("name", EXERCISES)
def test_points_of_checks_add_up(name):
    """The checks of a question are worth what the question is worth."""
    exercise = exercises.load(name)
    for question in exercise.automatic:
        assert sum(c.points for c in exercise.checks if c.question == question.id) == question.points, question.id


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_is_ten_points(name):
    """Automatic and manual questions together give 10 points."""
    assert sum(q.points for q in exercises.manifest(name).questions) == 10


@pytest.mark.parametrize("name", EXERCISES)
def test_notebook_and_manifest_have_the_same_questions(name):
    """Each question has one graded cell, with its id and its points, in the same order."""
    cells = graded_cells(name)
    assert {id: cell.metadata.nbgrader.points for id, cell in cells.items()} == {
        q.id: q.points for q in exercises.manifest(name).questions
    }
    assert list(cells) == [q.id for q in exercises.manifest(name).questions]


@pytest.mark.parametrize("name", EXERCISES)
def test_an_automatic_question_ends_in_its_check(name):
    """The graded cell of an automatic question is one line, that of a manual one is markdown."""
    cells = graded_cells(name)
    for question in exercises.manifest(name).questions:
        if question.manual:
            assert cells[question.id].cell_type == "markdown"
        else:
            assert cells[question.id].source == f'check("{question.id}")'


@pytest.mark.parametrize("name", EXERCISES)
def test_needs_name_earlier_checks_of_the_exercise(name):
    """A check can only wait for one that runs before it."""
    before: set[str] = set()
    for check in exercises.load(name).checks:
        assert set(check.needs) <= before, check.id
        assert check.id not in before
        before.add(check.id)


@pytest.mark.parametrize("name", EXERCISES)
def test_every_check_says_what_it_checks(name):
    """A check's docstring is one sentence, and its evidence is one of two kinds."""
    for check in exercises.load(name).checks:
        assert check.says.endswith("."), check.id
        assert check.evidence in ("judged", "observed")


@pytest.mark.parametrize("name", EXERCISES)
def test_every_check_says_why_and_what_it_cannot_see(name):
    """A check's docstring has a paragraph `Why:` and a paragraph `Blind to:`."""
    lacking = [
        (c.id, part) for c in exercises.load(name).checks for part in ("says", "why", "blind") if not getattr(c, part)
    ]
    assert not lacking


@pytest.mark.parametrize("name", EXERCISES)
def test_hints_are_short(name):
    """Three hints a question, each under 45 words."""
    for question in exercises.manifest(name).questions:
        assert all(0 < len(hint.split()) < 45 for hint in question.hints), question.id


def test_a_wrong_manifest_names_file_and_key(tmp_path, monkeypatch):
    """An unknown key is an error that says where it stands."""
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "exercise.toml").write_text(
        'title = "t"\norder = 1\nminutes = 1\nsummary = "s"\nquestions = []\ncolour = 1'
    )
    monkeypatch.setattr(exercises, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match=r"exercise\.toml.*colour"):
        exercises.manifest.__wrapped__("odd")


@pytest.mark.parametrize("name", EXERCISES)
def test_released_stubs_raise(name):
    """Every function of a released answer cell raises NotImplementedError when it is called."""
    released = nbformat.read(ROOT / "assignments" / name / f"{name}.ipynb", as_version=4)
    cells = {c.metadata.nbgrader.grade_id: c for c in released.cells if "nbgrader" in c.metadata}
    for question in exercises.manifest(name).questions:
        if not question.manual and (name, question.id) != ("counter", "predict"):
            assert "raise NotImplementedError" in cells[f"{question.id}_answer"].source, question.id
