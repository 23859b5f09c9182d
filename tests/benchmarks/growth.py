"""Whether a submission costs the same in a large class, and whether workers side by side help.

    python -m tests.benchmarks.growth [SMALL] [LARGE] [ROUNDS]

Classes have their exercises mixed, right and wrong, no two files alike; the large class gives the answers of the small one
again and again, so that both cost the same on the average. One worker is a judge, a learner's process and an evaluator, which
use more than one core by turns; so one worker is tried on one core and on all of them, beside as many workers as fit. These
take their turn in each of the ROUNDS, and nobody looks at their memory, for that holds them up.
"""

import contextlib
import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from autograders.course.room import fitting
from autograders.sandbox.cores import own
from tests.benchmarks.classes import course, mixed
from tests.benchmarks.measuring import Number, Spent, measured, run


def graded(folder: Path, workers: int, looking: bool = True) -> Spent:
    """What grading and recording a whole course takes."""
    with measured(looking) as spent:
        run("-m", "autograders.cli", "grade", "submitted", "--workers", str(workers), cwd=folder)
    return spent


@contextlib.contextmanager
def cores(count: int) -> Iterator[None]:
    """So many cores for all processes that start meanwhile."""
    all_cores = own()
    os.sched_setaffinity(0, all_cores[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_cores)


def side_by_side(fresh: Path, number: int, rounds: int) -> Table:
    """A row for one worker on one core, one on all cores, and as many as fit: the seconds of each, round by round."""
    most, fit = len(own()), fitting()
    ways = (1, 1), (1, most), (fit, most)
    took = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as scratch:
        for _ in range(rounds):
            for workers, given in ways:
                folder = shutil.copytree(fresh, Path(scratch, "course"))
                mixed(folder, number)
                with cores(given):
                    took[workers, given].append(graded(folder, workers, looking=False).wall_s)
                shutil.rmtree(folder)
    made = Table(
        "workers", "cores", "s", f"{fit} workers are", title=f"Side by side: a class of {number:,}, {rounds} rounds"
    )
    for (workers, given), seconds in took.items():
        ratios = [slow / fast for slow, fast in zip(seconds, took[ways[-1]], strict=True)]
        made.add_row(
            str(workers),
            str(given),
            f"{statistics.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})",
            f"{statistics.median(ratios):.2f} times ({min(ratios):.2f} to {max(ratios):.2f})",
        )
    return made


def main(small: Number = 100, large: Number = 1000, rounds: Number = 3) -> None:
    table = Table(
        "class", "s each", "CPU s each", "MiB, p95", "peak", title="One submission in small and large classes"
    )
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch, "course")
        course(fresh, stock=False)
        Console().print(side_by_side(fresh, small, rounds))
        for number in (small, large):
            folder = shutil.copytree(fresh, Path(scratch, str(number)))
            mixed(folder, number, small)
            table.add_row(f"{number:,}", *row(graded(folder, fitting()), number))
        again = graded(folder, fitting())
        table.add_row(f"{large:,}, unchanged", *row(again, large))
    Console().print(table)
    print(f"The unchanged class of {large:,}: {again.wall_s:.1f} s.")


def row(spent: Spent, number: int) -> tuple[str, ...]:
    return (
        f"{spent.wall_s / number:.3f}",
        f"{spent.cpu_s / number:.3f}",
        f"{spent.p95_mib:.0f}",
        f"{spent.peak_mib:.0f}",
    )


if __name__ == "__main__":
    typer.run(main)
