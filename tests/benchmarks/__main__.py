"""Times grading beside what people use instead, on the same answers, in one run on one machine.

    python -m tests.benchmarks [COUNT] [SAMPLE] [PICTURE]

A class hands in COUNT notebooks, the exercises mixed, right and wrong ones; we grade all of them, the others a SAMPLE,
for they take long. Seconds differ from machine to machine; read the ratios. A picture is drawn where a file for it is named.
"""

import dataclasses
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.classes import course, mixed
from tests.benchmarks.measuring import Spent, measured, p95
from tests.benchmarks.pictures import bars
from tests.benchmarks.tools import TOOLS, Tool, installed


@dataclasses.dataclass(frozen=True)
class Row:
    """What a tool took for so many submissions: in all, and the seconds of each."""

    tool: Tool
    spent: Spent
    each: list[float]

    @property
    def throughput(self) -> float:
        """Submissions a second."""
        return len(self.each) / self.spent.wall_s


def main(count: int, sample: int, picture: str = "") -> None:
    rows = []
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
                each = tool.grade(folder, files)
            rows.append(Row(tool, spent, each))
            Console(stderr=True).print(f"{tool.name}: {len(files)} in {spent.wall_s:.1f} s")
    Console().print(table(rows))
    for row in rows:
        print(f"{row.tool.name}. Checks: {row.tool.checks}. Confined: {row.tool.confined}.")
    if picture:
        draw(rows, Path(picture))


def table(rows: list[Row]) -> Table:
    """A row for each tool; ratios are to the first."""
    columns = ("tool", "graded", "a minute", "median s", "p95 s", "core-s each", "peak MiB", "ours is")
    made = Table(*columns, title="Grading the same answers")
    for row in rows:
        figures = (
            f"{60 * row.throughput:.1f}",
            f"{statistics.median(row.each):.2f}",
            f"{p95(row.each):.2f}",
            f"{row.spent.cpu_s / len(row.each):.2f}",
            f"{row.spent.peak_mib:.0f}",
            f"{rows[0].throughput / row.throughput:.1f} times",
        )
        made.add_row(row.tool.name, str(len(row.each)), *figures)
    return made


def draw(rows: list[Row], place: Path) -> None:
    """Submissions a minute, a bar for each tool."""
    minutes = {"": [60 * row.throughput for row in rows]}
    bars([row.tool.name for row in rows], minutes, "submissions graded in a minute", place)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]]
    main(*(numbers + [100, 12][len(numbers) :]), *sys.argv[3:4])
