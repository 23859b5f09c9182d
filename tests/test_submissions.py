"""Every file in tests/submissions gets exactly the verdict that it declares, and its failed checks name its mistake."""

import shutil

import pytest

from autograders import exercises
from autograders.audit import corpus, findings, running
from autograders.course.classroom import hand_in
from autograders.judge import grading, submissions
from autograders.judge.plugin import PUBLIC_SEED
from tests.conftest import ROOT

FOLDER = ROOT / "tests" / "submissions"
FILES = [known for known in corpus.load(FOLDER, exercises.names()) if known.runs_here]


RIGHT = [known for known in FILES if known.right]
WRONG = [known for known in FILES if not known.right]


@pytest.mark.parametrize("known", RIGHT, ids=lambda known: known.name)
def test_a_right_answer_gets_full_points(known, engine, tmp_path):
    """However it is written, in the notebook that learners get; `stateless audit` grades the files alone."""
    notebook = tmp_path / f"{known.exercise}.ipynb"
    shutil.copyfile(ROOT / "assignments" / known.exercise / notebook.name, notebook)
    hand_in(notebook, known.path)
    result, _ = grading.grade(known.path.name, submissions.read(notebook), engine)
    outcome = running.outcome_of(known.name, PUBLIC_SEED, result, [])
    assert findings.verdict_of(known, outcome) is None, outcome.said


@pytest.mark.parametrize("known", WRONG, ids=lambda known: known.name)
def test_a_wrong_answer_fails_as_declared_and_is_named(known, engine):
    """In the questions that it gets wrong, too many failed checks are as wrong as too few, and so is another mistake's name.

    That its other answers are right is for `stateless audit`, which takes the time to grade every file as a whole.
    """
    with running.learner_of(known, engine) as learner:
        outcome = running.ask(known, learner, engine, PUBLIC_SEED)
    assert findings.verdict_of(known, outcome) is None, outcome.said
    missed = findings.diagnosis_of(known, outcome)
    assert bool(missed) == bool(known.undiagnosed), missed


@pytest.mark.parametrize("exercise", exercises.names())
def test_every_check_is_failed_by_a_file_that_passes_all_others(exercise):
    """A check is needed when some wrong answer is caught by nothing else."""
    alone = {
        check
        for known in FILES
        if known.exercise == exercise and len(known.caught_by) == 1
        for check in known.caught_by
    }
    assert {c.id for c in exercises.load(exercise).checks} <= alone


@pytest.mark.parametrize("exercise", exercises.names())
def test_there_are_enough_of_both_kinds(exercise):
    """At least 25 right ones, written differently, and 50 wrong ones for each exercise."""
    right = [known.right for known in FILES if known.exercise == exercise]
    assert right.count(True) >= 25
    assert right.count(False) >= 50


def test_nearly_all_mistakes_are_named():
    """At most one in twenty wrong answers is told without its id, and says why the evidence cannot tell it."""
    with_id = [known for known in FILES if known.misconceptions]
    assert sum(bool(known.undiagnosed) for known in with_id) <= 0.05 * len(with_id)


def test_every_misconception_has_a_name_and_a_wrong_answer():
    """The catalogue holds what the corpus shows, and nothing else."""
    assert {i for known in FILES for i in known.misconceptions} == set(exercises.misconceptions())


@pytest.mark.parametrize("known", WRONG, ids=lambda known: known.name)
def test_a_wrong_answer_has_a_right_neighbour(known):
    """Beside each wrong answer stands the right one that is nearest to it."""
    assert (known.path.parent / known.neighbour).is_file()
    assert known.neighbour.startswith("good__")
