"""How many trainings decide whether a model learns, and which are not run."""

import types

import numpy as np
import pytest

from autograders.checks import Failure, bands
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


@pytest.mark.parametrize(
    ("half", "compiles", "wanted"),
    [
        (0.97, False, [(10, "")]),
        (0.97, True, [(10, "train_step")]),
        (0.955, False, [(10, ""), (20, "")]),
        (0.5, True, [(10, "train_step"), (20, "")]),
        (None, True, [(10, "train_step"), (20, "")]),
    ],
)
def test_half_a_training_decides_where_it_clearly_suffices(monkeypatch, half, compiles, wanted):
    """Otherwise a whole one is run, with the learner's own step; so it is where a step fails only under the jit lent."""
    asked = []

    def trained(submission, state, k, epochs, compiled=""):
        asked.append((epochs, compiled))
        if half is None and compiled:
            raise Failure("fails under jit", "", "")
        return half if epochs == 10 else 0.96

    monkeypatch.setattr(trainings, "trained", trained)
    monkeypatch.setattr(trainings, "require_compiled_once", lambda *_: None)
    monkeypatch.setattr(trainings, "works_under_jit", lambda *_: compiles)
    reached = trainings.accuracy(types.SimpleNamespace(create_state=lambda _: None), np.random.default_rng(0))
    assert asked == wanted
    assert reached == (half if len(wanted) == 1 else 0.96)


def test_an_audit_measures_whole_trainings(monkeypatch):
    """What half a training clearly settles says nothing of how often a whole one, which decides in doubt, would fail."""
    monkeypatch.setattr(bands, "measuring", True)
    monkeypatch.setattr(trainings, "trained", lambda submission, state, k, epochs, compiled="": 0.97 + epochs / 1000)
    monkeypatch.setattr(trainings, "require_compiled_once", lambda *_: None)
    monkeypatch.setattr(trainings, "works_under_jit", lambda *_: False)
    assert trainings.accuracy(types.SimpleNamespace(create_state=lambda _: None), np.random.default_rng(0)) == 0.99


def test_an_error_of_a_half_training_is_told(monkeypatch):
    """A step that nothing was lent to is not tried twice."""

    def trained(submission, state, k, epochs, compiled=""):
        assert epochs == 10
        raise Failure("`fit` raised.", "", "")

    monkeypatch.setattr(trainings, "trained", trained)
    monkeypatch.setattr(trainings, "require_compiled_once", lambda *_: None)
    monkeypatch.setattr(trainings, "works_under_jit", lambda *_: False)
    with pytest.raises(Failure, match="`fit` raised"):
        trainings.accuracy(types.SimpleNamespace(create_state=lambda _: None), np.random.default_rng(0))


@pytest.mark.parametrize("answer", ["count_in_a_static_field", "new_lambda_at_every_call"])
def test_a_training_that_would_compile_in_every_step_is_not_run(engine, stand_ins, answer):
    """It would take minutes; with another step in place of this one, it is run, and gets its points."""
    handed = submissions.read(ANSWERS / f"bad__jitted_as_a_whole__{answer}.py", "train_step")
    result, _ = grading.grade(answer, handed, engine, PUBLIC_SEED, stand_ins("train_step"))
    fit = next(question for question in result.questions if question.id == "fit")
    assert fit.points == fit.max_points and "train_step" in fit.stand_in
