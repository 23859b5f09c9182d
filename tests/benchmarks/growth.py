"""Whether a submission costs the same in a large class, and whether workers side by side help.

    python -m tests.benchmarks.growth [SMALL] [LARGE]

Classes of both sizes (exercises mixed, right and wrong, no two files alike) are graded with as many workers as fit, the small
one with one worker too, and the large one a second time, when nothing has changed. The large class gives the answers of the
small one again and again, so that both cost the same on the average. One worker is a judge, a learner's process and an
evaluator, which use more than one core by turns; so it is tried on all cores, and on one.
"""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from autograders.course.crew import fitting
from tests.benchmarks.classes import course, mixed
from tests.benchmarks.measuring import Number, Spent, measured, run


def graded(folder: Path, workers: int) -> Spent:
    """What grading and recording a whole course takes."""
    with measured() as spent:
        run("-m", "autograders.cli", "grade", "submitted", "--workers", str(workers), cwd=folder)
    return spent


@contextlib.contextmanager
def cores(count: int):
    """So many cores for all processes that start meanwhile."""
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(all_cores)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_cores)


def main(small: Number = 100, large: Number = 1000) -> None:
    table = Table(
        "class",
        "workers",
        "cores",
        "s each",
        "CPU s each",
        "MiB, p95",
        "peak",
        title="One submission in small and large classes",
    )
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch, "course")
        course(fresh, stock=False)
        most, fit = len(os.sched_getaffinity(0)), fitting()
        for number, workers, given in ((small, 1, 1), (small, 1, most), (small, fit, most), (large, fit, most)):
            folder = Path(scratch, f"{number}-{workers}-{given}")
            shutil.copytree(fresh, folder)
            mixed(folder, number, small)
            with cores(given):
                table.add_row(str(number), str(workers), str(given), *row(graded(folder, workers), number))
            Console(stderr=True).print(table)
        again = graded(folder, fit)
        table.add_row(f"{large}, unchanged", str(fit), str(most), *row(again, large))
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
