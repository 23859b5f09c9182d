"""What a submission costs, part by part, and what that says of classes and clusters that nobody here has.

    python -m tests.benchmarks.model [SUBMISSIONS]

A worker takes `b` core-seconds for a submission, after `a` to start; the one process that hands out submissions and records
results takes `m` for each, a scheduler `d`. So W workers grade min(W / b, 1 / m, 1 / d) a second. `a` and `b` are fitted to
classes of three sizes with the same answers, to the medians of three runs; `m` and `d` are measured with workers that have the
answer at once. Then that process is driven with more and more pretended workers, which sleep for `b`: where it saturates is
compared with the model.
"""

import contextlib
import io
import itertools
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import msgspec
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from autograders import exercises
from autograders.course import batch, cluster, coursework
from autograders.course.crew import Crew
from autograders.course.results import Graded, Work
from autograders.course.room import fitting
from autograders.judge.learners import Engine
from tests import clusters
from tests.benchmarks.classes import course, mixed
from tests.benchmarks.growth import graded
from tests.benchmarks.measuring import Number
from tests.conftest import ROOT

SIZES, FITS = (24, 48, 96), 3
PRETENDED = (8, 32, 128, 256, 512)
ROUNDS = 6  # submissions for each pretended worker
NODES, CORES, MANY = 64, 16, 100_000


class Pretended(Crew):
    """Workers that hand over a result after so many seconds."""

    def worker(self, own: Sequence[int]) -> Executor:
        return ThreadPoolExecutor(1)

    def __enter__(self) -> "Pretended":
        return self

    def __exit__(self, *_) -> None: ...


def results() -> dict[str, Graded]:
    """The graded solution of each exercise."""
    with contextlib.closing(Engine()) as engine:
        return {
            name: batch.tried(
                batch.read(ROOT / "solutions" / name / f"{name}.ipynb", name, "a seed", ROOT / "solutions"), engine
            )
            for name in exercises.names()
        }


def fitted(fresh: Path) -> tuple[float, float, float]:
    """Core-seconds to start and for each submission, and the largest relative error of the fit to medians of several runs."""
    spent = {size: [] for size in SIZES}
    for _ in range(FITS):
        for size, seconds in spent.items():
            with tempfile.TemporaryDirectory() as scratch:
                folder = shutil.copytree(fresh, Path(scratch, "course"))
                mixed(folder, size, SIZES[0])
                seconds.append(graded(folder, fitting(), looking=False).cpu_s)
    medians = {size: statistics.median(seconds) for size, seconds in spent.items()}
    b, a = np.polyfit(SIZES, list(medians.values()), 1)
    return float(a), float(b), float(max(abs(a + b * n - s) / s for n, s in medians.items()))


def recorded(fresh: Path, made: dict[str, Graded], workers: int, seconds: float, number: int) -> float:
    """Seconds for each of so many submissions of a course whose pretended workers take so long for one."""

    def pretend(work: Work) -> Graded:
        time.sleep(seconds)
        return made[work.handed.exercise]

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "course")
        shutil.copytree(fresh, folder)
        with (
            mock.patch.object(batch, "grade_here", pretend),
            mock.patch.object(batch, "start"),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            started = time.perf_counter()
            files = sorted(folder.glob("submitted/*/*/*.ipynb"))[:number]
            coursework.grade(folder, files, lambda _: Pretended(workers), False, False, True)
            took = time.perf_counter() - started
    return took / number


def scheduled(made: dict[str, Graded], number: int) -> float:
    """Seconds that a scheduler needs to send a submission's result there and back."""
    with clusters.scheduler() as address, clusters.workers(address, 2), cluster.Cluster(address, True) as there:
        tasks = itertools.cycle(made.values())
        list(there.run(handed_back, itertools.islice(tasks, 4)))  # engines start
        started = time.perf_counter()
        list(there.run(handed_back, itertools.islice(tasks, number)))
        return (time.perf_counter() - started) / number


def handed_back(graded: Graded) -> Graded:
    return graded


def main(number: Number = 3000) -> None:
    console = Console()
    with tempfile.TemporaryDirectory() as scratch:
        made = results()
        fresh = Path(scratch, "fresh")
        course(fresh, stock=False)
        a, b, error = fitted(fresh)
        files = mixed(fresh, number)
        m, d = recorded(fresh, made, 2, 0.0, number), scheduled(made, number)
        size = sum(file.stat().st_size for file in files) / number + sum(map(packed, made.values())) / len(made)
        console.print(
            f"a = {a:.1f} core-seconds, b = {b:.2f} (largest error of the fit {error:.1%}), m = {m * 1000:.1f} ms, "
            f"d = {d * 1000:.1f} ms, {size / 1000:.0f} kB through the scheduler for each submission."
        )
        console.print(curve(fresh, made, b, m, number))
    console.print(predicted(a, b, m, d))


def packed(graded: Graded) -> int:
    return len(msgspec.msgpack.encode(graded))


def curve(fresh: Path, made: dict[str, Graded], b: float, m: float, number: int) -> Table:
    """Submissions a second with more and more pretended workers, and what the model says."""
    table = Table("workers", "predicted", "measured", title="Submissions a second, graded by workers that sleep")
    for workers in PRETENDED:
        rate = 1 / recorded(fresh, made, workers, b, min(ROUNDS * workers, number))
        table.add_row(str(workers), f"{min(workers / b, 1 / m):.1f}", f"{rate:.1f}")
    return table


def predicted(a: float, b: float, m: float, d: float) -> Table:
    """Minutes for many submissions on clusters of several sizes, and which part they wait for."""
    table = Table("nodes", "cores", "minutes", "waits for", title=f"{MANY:,} submissions, nodes of {CORES} cores")
    for nodes in (1, 4, 16, NODES):
        workers = nodes * CORES
        parts = {"workers": b / workers, "recording": m, "scheduler": d}
        slowest = max(parts, key=parts.get)
        table.add_row(str(nodes), str(workers), f"{(a / workers + MANY * parts[slowest]) / 60:.0f}", slowest)
    return table


if __name__ == "__main__":
    typer.run(main)
