"""Grading many submissions: each is graded once, what was kept is not graded again, and a fault of ours is tried twice."""

import collections
import gc
import logging
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec.structs import replace

from autograders.course import crew, materials
from autograders.course.crew import Crew
from autograders.course.results import Graded, Results, Work
from autograders.judge import grading, submissions
from autograders.judge.learners import Engine, TooWeak
from autograders.judge.submissions import Handed

log = logging.getLogger(__name__)


def grade_all(works: Iterable[Work], workers: Crew, results: Results | None = None) -> Iterator[tuple[Work, Graded]]:
    """The result of each submission, in their order: kept ones, and the others from the workers."""
    order, ahead = collections.deque(), {}

    def known(work: Work) -> Graded | None:
        order.append(id(work))
        return kept(work, results)

    for work, made in workers.run(grade_here, works, known):
        graded = lost(work, f"the worker that graded it ended: {made}") if isinstance(made, Exception) else made
        keep(work, graded, results)
        ahead[id(work)] = work, graded
        while order and order[0] in ahead:
            yield ahead.pop(order.popleft())


def start(workers: Crew, accept_weak: bool, number: int) -> None:
    """Let all workers start at once, for so many submissions.

    Raises TooWeak where they cannot confine a submission well enough, unless that is accepted.
    """
    each = math.ceil(number / len(workers.idle))
    for _, trouble in workers.run(start_here, [(accept_weak, each)] * len(workers.idle)):
        if trouble:
            raise trouble if isinstance(trouble, TooWeak) else TooWeak(f"No worker can start: {trouble}")


def start_here(about: tuple[bool, int]) -> str:
    """Nothing; raises TooWeak where a submission is not confined well enough in this process."""
    accept_weak, number = about
    engine = crew.own_engine()
    engine.zygote.expected = number
    engine.require_confinement(accept_weak)
    return ""


def grade_here(work: Work) -> Graded:
    """A submission graded in this process, which keeps nothing of it.

    What its tests leave behind in circles is collected at once: it would hold a dozen MiB of arrays.
    """
    engine = crew.own_engine()
    try:
        return tried(work, engine)
    finally:
        gc.collect()


def grade(work: Work, engine: Engine, results: Results | None = None) -> Graded:
    """The result of a submission: a kept one, or one that is made and kept.

    A fault of ours gives a result with status `internal`, which is not kept: the next run tries again.
    """
    graded = kept(work, results) or tried(work, engine)
    keep(work, graded, results)
    return graded


def read(path: Path, exercise: str, seed: str, solutions: Path | None) -> Work:
    """What is to be graded in a file; one that cannot be read says so."""
    try:
        handed, trouble = submissions.read(path, exercise), ""
    except submissions.Unreadable as error:
        handed, trouble = Handed("", (), ""), str(error).removeprefix(f"{path}: ")
    return Work(str(path), handed, seed, materials.solution(solutions, handed.exercise), trouble)


def kept(work: Work, results: Results | None) -> Graded | None:
    """What is known without grading: the result of an earlier run, under today's name, or that there can be none."""
    if work.trouble:
        return lost(work, work.trouble)
    found = results.get(work.key) if results else None
    if found is None:
        return None
    return Graded(replace(found.result, source=work.source, submission=work.handed.sha256), found.ran, kept=True)


def keep(work: Work, graded: Graded, results: Results | None) -> None:
    """Keep a result that grading again would not change."""
    if results and graded.sure and not graded.kept:
        try:
            results.put(work.key, graded)
        except OSError as error:  # a full disk: the points are right all the same
            log.warning("%s: its result could not be kept (%s).", work.source, error)


def tried(work: Work, engine: Engine) -> Graded:
    """A submission graded now, a second time if the grader itself failed the first time."""
    graded = None
    for _ in range(crew.TRIES):
        try:
            graded = Graded(*grading.grade(work.source, work.handed, engine, work.seed, work.solution))
        except Exception as error:  # whatever it is, this submission must not stop the others
            graded = lost(work, f"the grader failed twice, the second time with {type(error).__name__}: {error}")
        if graded.result.status == "graded":
            break
    return graded


def lost(work: Work, reason: str) -> Graded:
    """The result where there is none."""
    return Graded(replace(grading.ungraded(work.source, reason), exercise=work.handed.exercise), {})


def failed(graded: Graded) -> str:
    """Why a person has to look at a submission; empty where nobody has to."""
    if graded.result.status == "graded":
        return ""
    checks = [check for question in graded.result.questions for check in question.checks if check.status == "internal"]
    return "; ".join([*graded.result.notes, *(f"{check.id}: {check.what}" for check in checks)])
