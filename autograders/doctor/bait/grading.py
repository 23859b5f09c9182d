"""Grades the bait: how many of its checks a submission passes, in a confined process or beside its own code."""

import importlib
from pathlib import Path

import numpy as np

from autograders.checks import Failure, LimitHit
from autograders.exercises import Exercise, Manifest
from autograders.judge import grading
from autograders.judge.handle import Submission
from autograders.judge.learners import ConfinedLearner, Engine
from autograders.judge.plugin import PUBLIC_SEED

RIGHT = "double, answer = (lambda x: 2 * x), 42\nclass Tally:\n    def add(self, total, n): return total + n"
WRONG = "double, answer = (lambda x: x), 7\nclass Tally:\n    def add(self, total, n): return 7"
SECRET_SEED = "known to nobody"


class Bait(Exercise):
    """The exercise that lies here, among no others."""

    @property
    def test_file(self) -> Path:
        return Path(__file__).with_name("test_bait.py")


def bait() -> Bait:
    module = importlib.import_module("autograders.doctor.bait.test_bait")
    checks = tuple(test.graded for test in vars(module).values() if hasattr(test, "graded"))
    return Bait("bait", Manifest("bait", 0, 0, "", ()), checks)


def passed(handle: Submission, seed: str = SECRET_SEED) -> dict[str, str]:
    """The status of each check."""
    return {check: verdict.status for check, verdict in grading.run_checks(bait(), handle, seed).items()}


def graded(learner: ConfinedLearner, engine: Engine) -> dict[str, str]:
    """The status of each check, asked of a confined submission."""
    try:
        learner.start()
    except LimitHit:
        return {}
    return passed(Submission(learner.ask, engine.evaluate, engine.limits.request_s))


def public_inputs() -> tuple[float, ...]:
    """What `double` is asked in a self-check, as a learner can find out."""
    asked: list[float] = []

    def double(x: np.ndarray) -> None:
        asked.extend(map(float, x))
        raise Failure("noted")

    double.program = lambda example: double
    handle = type("Noting", (), {"double": staticmethod(double)})()
    grading.run_checks(bait(), handle, PUBLIC_SEED, "double")
    return tuple(asked)
