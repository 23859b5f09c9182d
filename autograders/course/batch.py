"""Grading many submissions: each is graded once, what was kept is not graded again, and a fault of ours is tried twice."""

import logging
from collections.abc import Callable

from msgspec.structs import replace

from autograders.course.results import Graded, Results, key_of
from autograders.judge import grading
from autograders.judge.grading import References
from autograders.judge.learners import Engine
from autograders.judge.submissions import Handed

TRIES = 2
log = logging.getLogger(__name__)


def grade(
    source: str, handed: Handed, engine: Engine, seed: str, references: References, results: Results | None = None
) -> Graded:
    """The result of a submission: a kept one, or one that is made and kept.

    A fault of ours gives a result with status `internal`, which is not kept: the next run tries again.
    """
    key = key_of(handed, seed, references) if results else ""
    kept = results.get(key) if results else None
    if kept:
        return replace(kept, result=replace(kept.result, source=source, submission=handed.sha256))
    graded = _tried(lambda: Graded(*grading.grade(source, handed, engine, seed, references)), source, handed)
    if results and graded.sure:
        try:
            results.put(key, graded)
        except OSError as error:  # a full disk: the points are right all the same
            log.warning("%s: its result could not be kept (%s).", source, error)
    return graded


def _tried(work: Callable[[], Graded], source: str, handed: Handed) -> Graded:
    """What `work` gives, the second time if the grader itself failed the first time."""
    graded = None
    for _ in range(TRIES):
        try:
            graded = work()
        except Exception as error:  # whatever it is, this submission must not stop the others
            reason = f"the grader failed twice, the second time with {type(error).__name__}: {error}"
            graded = Graded(replace(grading.ungraded(source, reason), exercise=handed.exercise), {})
        if graded.result.status == "graded":
            break
    return graded


def failed(graded: Graded) -> str:
    """Why a person has to look at a submission; empty where nobody has to."""
    if graded.result.status == "graded":
        return ""
    checks = [check for question in graded.result.questions for check in question.checks if check.status == "internal"]
    return "; ".join([*graded.result.notes, *(f"{check.id}: {check.what}" for check in checks)])
