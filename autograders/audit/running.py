"""Grades the corpus on all cores: each file under several seeds and as often as asked, in an engine of the worker's own.

What is repeated is graded whole, in a process of its own each time. Further seeds share one process and what it traced,
and ask a wrong answer only what it gets wrong; where a verdict comes out otherwise than before, that seed is graded
again, whole.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from autograders import exercises
from autograders.audit.corpus import Known
from autograders.checks import bands
from autograders.course.crew import Crew, own_engine
from autograders.course.materials import solution
from autograders.judge import grading, submissions
from autograders.judge.handle import Submission
from autograders.judge.learners import ConfinedLearner, Engine
from autograders.judge.plugin import PUBLIC_SEED
from autograders.judge.verdicts import Result
from autograders.sandbox.starting import WALLS

PASSING = "pass"


class Task(msgspec.Struct, frozen=True):
    """One file, graded as often as asked under the public seed with some checks blunted, and under further seeds.

    `solutions` gives the stand-ins, `walls` are those that confine it.
    """

    known: Known
    solutions: Path
    walls: tuple[str, ...] = WALLS
    times: int = 1
    seeds: tuple[str, ...] = ()
    blunt: frozenset[str] = frozenset()


class Outcome(msgspec.Struct, frozen=True):
    """How a file was graded under one seed: statuses, ids and messages by check, and the values that thresholds saw."""

    name: str
    seed: str
    statuses: dict[str, str]
    misconceptions: dict[str, str]
    said: dict[str, str]
    values: tuple[tuple[str, str, float], ...]  # check, band, value
    digest: str = ""  # of the whole result but for what was used; empty where only some questions were asked
    status: str = "graded"

    @property
    def failed(self) -> set[str]:
        """The checks that did not pass."""
        return {check for check, status in self.statuses.items() if status != PASSING}

    @property
    def caught_by(self) -> set[str]:
        """The checks that failed themselves, and do not only wait for another."""
        return {check for check, status in self.statuses.items() if status not in (PASSING, "blocked")}


def _grade(task: Task) -> list[Outcome]:
    """One outcome for each time, then one for each further seed."""
    engine, bands.measuring = own_engine(task.walls), True
    repeated = [_whole(task, PUBLIC_SEED, engine) for _ in range(task.times)]
    return repeated + (_further(task, repeated[0], engine) if task.seeds else [])


def _whole(task: Task, seed: str, engine: Engine) -> Outcome:
    """The outcome as a learner would get it."""
    values: list = []
    handed = submissions.read(task.known.path, task.known.exercise)
    watch, stand_ins = grading.Watch(task.blunt, values), solution(task.solutions, task.known.exercise)
    result, _ = grading.grade(task.known.path.name, handed, engine, seed, stand_ins, watch)
    return outcome_of(task.known.name, seed, result, values)


def _further(task: Task, first: Outcome, engine: Engine) -> list[Outcome]:
    outcomes, programs = [], {}
    with learner_of(task.known, engine) as learner:
        for seed in task.seeds:
            asked = ask(task.known, learner, engine, seed, programs)
            same = all(first.statuses[check] == status for check, status in asked.statuses.items())
            whole = msgspec.structs.replace(first, seed=seed, values=asked.values, digest="")
            outcomes.append(whole if same else _whole(task, seed, engine))
    return outcomes


@contextlib.contextmanager
def learner_of(known: Known, engine: Engine) -> Iterator[ConfinedLearner]:
    """A process that has run a file's cells."""
    with contextlib.closing(engine.learner(list(submissions.read(known.path, known.exercise).cells))) as learner:
        learner.start()
        yield learner


def ask(known: Known, learner: ConfinedLearner, engine: Engine, seed: str, programs: dict | None = None) -> Outcome:
    """The verdicts on all questions of a right answer, and on those that a wrong one gets wrong.

    `programs` are those that were traced before, and takes those that are traced now.
    """
    exercise, values = exercises.load(known.exercise), []
    wrong = {check.question for check in exercise.checks if check.id in known.failed}
    handle = Submission(learner.ask, engine.evaluate, engine.limits.request_s)
    handle.programs = {} if programs is None else programs
    found = grading.run_checks(exercise, handle, seed, ",".join(wrong), grading.Watch(values=values))
    failed = {check: verdict for check, verdict in found.items() if verdict.status not in (PASSING, "blocked")}
    return Outcome(
        known.name,
        seed,
        {check: verdict.status for check, verdict in found.items()},
        {check: verdict.misconception for check, verdict in failed.items()},
        {check: verdict.what for check, verdict in failed.items()},
        tuple(values),
    )


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
    )


def run(tasks: list[Task], crew: Crew) -> Iterator[tuple[Task, list[Outcome]]]:
    """The outcomes of each task as they come."""
    for task, outcomes in crew.run(_grade, tasks):
        if isinstance(outcomes, Exception):
            raise outcomes
        yield task, outcomes
