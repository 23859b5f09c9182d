"""Where the time of one submission goes, from its file to the gradebook.

    python -m tests.benchmarks.where [COUNT] [PICTURE]

COUNT submissions of each exercise are graded in this process, one after the other, as `stateless grade submitted` does; the
times are of a worker that has graded others before. A picture is drawn where a file for it is named.
"""

import contextlib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from unittest import mock

import typer
from rich.console import Console
from rich.table import Table

from autograders import exercises
from autograders.course import batch, coursework
from autograders.course.crew import Crew
from autograders.course.gradebook import Book
from autograders.judge import grading
from autograders.judge.learners import Engine
from autograders.judge.peers import Peer
from tests.benchmarks.classes import course, submit
from tests.benchmarks.measuring import Number, Word
from tests.benchmarks.pictures import bars

STAGES = {
    "fork": "a process, forked and confined",
    "cells": "cells run",
    "calls": "functions called",
    "traces": "functions traced, programs lowered",
    "compiled": "programs compiled",
    "programs run": "programs run by the grader",
    "judge": "pytest, inputs, comparisons",
    "notebook": "read, mended, shown, written",
    "gradebook": "points written",
}
ASKED = {"Run": "cells", "Choose": "cells", "Call": "calls", "Lookup": "calls", "StandIn": "cells", "Usage": "fork"}
ASKED |= {"Trace": "traces", "Compile": "compiled", "Evaluate": "programs run"}


class Clock:
    """Seconds by stage; while an inner stage lasts, the outer one stands still."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self.stages, self.since = ["notebook"], time.perf_counter()

    def _charge(self) -> None:
        now = time.perf_counter()
        self.spent[self.stages[-1]] += now - self.since
        self.since = now

    @contextlib.contextmanager
    def inside(self, stage: str) -> Iterator[None]:
        self._charge()
        self.stages.append(stage)
        try:
            yield
        finally:
            self._charge()
            self.stages.pop()

    def timed(self, owner: object, name: str, stage: str | Callable[..., str]) -> contextlib.AbstractContextManager:
        """While it lasts, calls of a function are counted as a stage, or as the one that is told by their arguments."""
        function = getattr(owner, name)

        def call(*args, **kwargs):
            with self.inside(stage if isinstance(stage, str) else stage(*args)):
                return function(*args, **kwargs)

        return mock.patch.object(owner, name, call)


class Alone(Crew):
    """Grades in this process."""

    def __init__(self, engine: Engine):
        self.engine, self.stopping = engine, False

    def run(self, work: Callable, tasks: Iterable, known: Callable = lambda task: None) -> Iterator[tuple]:
        for task in tasks:
            yield task, known(task) or batch.tried(task, self.engine)

    def __enter__(self) -> "Alone":
        return self

    def __exit__(self, *_) -> None: ...


def graded(folder: Path, name: str, engine: Engine) -> Counter[str]:
    """Seconds by stage for all submissions of an exercise."""
    clock = Clock()
    with contextlib.ExitStack() as timed:
        for owner, function, stage in (
            (Peer, "__init__", "fork"),
            (Peer, "close", "fork"),
            (Peer, "ask", lambda peer, request, *_: ASKED[type(request).__name__]),
            (grading, "grade", "judge"),
            (Book, "write", "gradebook"),
        ):
            timed.enter_context(clock.timed(owner, function, stage))
        timed.enter_context(mock.patch.object(batch, "start"))
        paths = [folder / "submitted"]
        timed.enter_context(clock.inside("notebook"))
        status = coursework.grade(folder, paths, lambda _: Alone(engine), json=False, dry_run=False, accept_weak=True)
    if status:
        sys.exit(f"{name} was not graded.")
    return clock.spent


def main(count: Number = 10, picture: Word = "") -> None:
    found = {}
    with tempfile.TemporaryDirectory() as scratch, contextlib.closing(Engine()) as engine:
        for name in exercises.names():
            for part in ("warm", "measured"):
                folder = Path(scratch, f"{name}-{part}")
                course(folder, stock=False, names=(name,))
                submit(folder, name, count if part == "measured" else 4)
                spent = graded(folder, name, engine)
            found[name] = {stage: spent[stage] / count for stage in STAGES}
    Console().print(table(found))
    if picture:
        draw(found, Path(picture))


def table(found: dict[str, dict[str, float]]) -> Table:
    made = Table("stage", *found, title="Milliseconds of wall clock for one submission")
    for stage, words in STAGES.items():
        made.add_row(f"{stage}: {words}", *(f"{1000 * spent[stage]:.0f}" for spent in found.values()))
    made.add_section()
    made.add_row("all", *(f"{1000 * sum(spent.values()):.0f}" for spent in found.values()))
    return made


def draw(found: dict[str, dict[str, float]], place: Path) -> None:
    """A bar for each exercise, a piece for each stage."""
    pieces = {stage: [spent[stage] for spent in found.values()] for stage in STAGES}
    bars(list(found), pieces, "seconds for one submission", place)


if __name__ == "__main__":
    typer.run(main)
