"""How many trainings decide whether a model learns, and which are not run."""

import pytest

from autograders.checks import Failure
from autograders.exercises.train_step import test_train_step as checks
from autograders.exercises.train_step import trainings
from autograders.judge import grading, submissions
from autograders.judge.plugin import PUBLIC_SEED
from tests.conftest import ROOT

ANSWERS = ROOT / "tests" / "submissions" / "train_step"


@pytest.mark.parametrize(
    ("shares", "reached", "trained"),
    [
        ((0.97,), True, 1),
        ((0.96,), True, 1),
        ((0.85,), False, 1),
        ((0.955, 0.97), True, 2),
        ((0.94, 0.97), True, 2),
        ((0.955, 0.92), False, 2),
        ((0.90, 0.97), False, 2),
    ],
)
def test_a_second_training_decides_near_the_limit(monkeypatch, shares, reached, trained):
    """Far from the limit one training is enough; near it the mean of two counts."""
    left = list(shares)
    monkeypatch.setattr(trainings, "accuracy", lambda *_: left.pop(0))
    if reached:
        checks.test_reaches_accuracy(None, None)
    else:
        with pytest.raises(Failure, match="of the held-out digits were read correctly"):
            checks.test_reaches_accuracy(None, None)
    assert len(shares) - len(left) == trained


@pytest.mark.parametrize("answer", ["count_in_a_static_field", "new_lambda_at_every_call"])
def test_a_training_that_would_compile_in_every_step_is_not_run(engine, stand_ins, answer):
    """It would take minutes; with another step in place of this one, it is run, and gets its points."""
    handed = submissions.read(ANSWERS / f"bad__jitted_as_a_whole__{answer}.py", "train_step")
    result, _ = grading.grade(answer, handed, engine, PUBLIC_SEED, stand_ins("train_step"))
    fit = next(question for question in result.questions if question.id == "fit")
    assert fit.points == fit.max_points and "train_step" in fit.stand_in
