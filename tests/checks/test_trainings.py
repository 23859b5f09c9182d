"""How many trainings decide whether a model learns."""

import pytest

from autograders.checks import Failure
from autograders.exercises.train_step import test_train_step as checks
from autograders.exercises.train_step import trainings


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
