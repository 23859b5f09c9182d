"""Times grading beside what people use instead, on the same answers, in one run on one machine.

    python -m tests.benchmarks [COUNT] [SAMPLE]

A class hands in COUNT notebooks, the exercises mixed, right and wrong ones; we grade all of them, the others a SAMPLE,
for they take long. Seconds differ from machine to machine; read the ratios.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.classes import course, mixed
from tests.benchmarks.measuring import Spent, measured
from tests.benchmarks.tools import TOOLS, Tool, installed


def main(count: int, sample: int) -> None:
    found: dict[Tool, tuple[Spent, int]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        fresh = {stock: Path(scratch, f"course-{stock}") for stock in (False, True)}
        for stock, folder in fresh.items():
            course(folder, stock)
        for place, tool in enumerate(TOOLS):
            if tool.name.startswith("otter") and not installed("otter"):
                continue
            folder = Path(scratch, f"run-{place}")
            shutil.copytree(fresh[tool.stock], folder)
            files = mixed(folder, sample if place else count)
            with measured() as spent:
                tool.grade(folder, files)
            found[tool] = spent, len(files)
            Console(stderr=True).print(f"{tool.name}: {len(files)} in {spent.wall_s:.1f} s")
    Console().print(table(found))


def table(found: dict[Tool, tuple[Spent, int]]) -> Table:
    """A row for each tool; ratios are to the first."""
    columns = ("tool", "graded", "s each", "CPU s each", "peak MiB", "times as long", "checks", "confined")
    made = Table(*columns, title="Grading the same answers")
    best = next(spent.wall_s / number for spent, number in found.values())
    for tool, (spent, number) in found.items():
        each = spent.wall_s / number
        figures = (f"{each:.2f}", f"{spent.cpu_s / number:.2f}", f"{spent.peak_mib:.0f}", f"{each / best:.1f}")
        made.add_row(tool.name, str(number), *figures, tool.checks, tool.confined)
    return made


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    main(*(numbers + [100, 12][len(numbers) :]))
