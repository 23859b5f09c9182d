"""Grades the corpus on all cores: each file under several seeds and as often as asked, in an engine of the worker's own."""

import hashlib
import multiprocessing
import multiprocessing.util
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import msgspec

from autograders.audit.corpus import Known
from autograders.judge.verdicts import Result

PASSING = "pass"


class Task(msgspec.Struct, frozen=True):
    """One file, graded once for each seed with some checks blunted; `solutions` gives the stand-ins."""

    known: Known
    seeds: tuple[str, ...]
    solutions: Path
    blunt: frozenset[str] = frozenset()


class Outcome(msgspec.Struct, frozen=True):
    """How a file was graded under one seed: statuses, ids and messages by check, and the values that thresholds saw."""

    name: str
    seed: str
    statuses: dict[str, str]
    misconceptions: dict[str, str]
    said: dict[str, str]
    values: tuple[tuple[str, str, float], ...]  # check, band, value
    digest: str  # of the whole result but for what was used
    status: str
    points: float
    wall_s: float

    @property
    def failed(self) -> set[str]:
        """The checks that did not pass."""
        return {check for check, status in self.statuses.items() if status != PASSING}

    @property
    def caught_by(self) -> set[str]:
        """The checks that failed themselves, and do not only wait for another."""
        return {check for check, status in self.statuses.items() if status not in (PASSING, "blocked")}


_worker: dict = {}


def _start() -> None:
    """Each worker process grades with one engine, as a grader does with a class."""
    from autograders.judge.learners import Engine

    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    _worker["engine"] = Engine(keep="corpus")
    multiprocessing.util.Finalize(None, _worker["engine"].close, exitpriority=1)


def _grade(task: Task) -> list[Outcome]:
    from autograders.course.materials import references
    from autograders.judge import grading, submissions

    outcomes = []
    for seed in task.seeds:
        handed = submissions.read(task.known.path, task.known.exercise)
        values: list = []
        result, _ = grading.grade(
            task.known.path.name,
            handed,
            _worker["engine"],
            seed,
            references(task.solutions),
            grading.Watch(task.blunt, values),
        )
        outcomes.append(outcome_of(task.known.name, seed, result, values))
    return outcomes


def outcome_of(name: str, seed: str, result: Result, values: list) -> Outcome:
    """What an audit keeps of a result."""
    checks = [check for question in result.questions for check in question.checks]
    told = msgspec.json.encode(msgspec.structs.replace(result, usage=None))
    return Outcome(
        name,
        seed,
        {c.id: c.status for c in checks},
        {c.id: c.misconception for c in checks if c.status not in (PASSING, "blocked")},
        {c.id: c.what for c in checks if c.status not in (PASSING, "blocked")},
        tuple(values),
        hashlib.sha256(told).hexdigest(),
        result.status,
        result.points,
        result.usage.wall_s,
    )


def run(tasks: list[Task], workers: int) -> Iterator[tuple[Task, list[Outcome]]]:
    """The outcomes of each task as they come; what a file compiled is kept for its other seeds until the end."""
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _start) as pool:
        waiting = {pool.submit(_grade, task): task for task in tasks}
        for done in as_completed(waiting):
            yield waiting[done], done.result()
