"""Times grading beside what people use instead, on the same answers, in one run on one machine.

    python -m tests.benchmarks [COUNT] [SAMPLE] [ROUNDS] [PICTURE]

A class hands in COUNT notebooks, the exercises mixed, right and wrong ones; we grade all of them, the others a SAMPLE,
for they take long. All take their turn in each of the ROUNDS, as a machine may be slow for some minutes; the medians are
shown. Seconds differ from machine to machine; read the ratios. A picture is drawn where a file for it is named.
Otter-grader is compared where its command is on the PATH (`tools.otter` says how).
"""

import dataclasses
import shutil
import statistics
import tempfile
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from tests.benchmarks.classes import course, mixed
from tests.benchmarks.measuring import Number, Spent, Word, measured, p95
from tests.benchmarks.pictures import bars
from tests.benchmarks.tools import TOOLS, Tool


@dataclasses.dataclass(frozen=True)
class Turn:
    """What a tool took in a round for so many submissions: in all, and the seconds of each."""

    spent: Spent
    each: list[float]

    @property
    def throughput(self) -> float:
        """Submissions a minute."""
        return 60 * len(self.each) / self.spent.wall_s


def main(count: Number = 100, sample: Number = 12, rounds: Number = 3, picture: Word = "") -> None:
    tools = [tool for tool in TOOLS if not tool.name.startswith("otter") or shutil.which("otter")]
    turns: dict[Tool, list[Turn]] = {tool: [] for tool in tools}
    with tempfile.TemporaryDirectory() as scratch:
        fresh = {stock: Path(scratch, f"course-{stock}") for stock in (False, True)}
        for stock, folder in fresh.items():
            course(folder, stock)
        for _ in range(rounds):
            for place, tool in enumerate(tools):
                turns[tool].append(turn(tool, fresh[tool.stock], Path(scratch, "run"), sample if place else count))
    Console().print(table(turns))
    for tool in tools:
        print(f"{tool.name}. Checks: {tool.checks}. Confined: {tool.confined}.")
    if picture:
        draw(turns, Path(picture))


def turn(tool: Tool, fresh: Path, folder: Path, count: int) -> Turn:
    """Let a tool grade so many submissions in a copy of a course."""
    shutil.copytree(fresh, folder)
    files = mixed(folder, count)
    with measured() as spent:
        each = tool.grade(folder, files)
    shutil.rmtree(folder)
    Console(stderr=True).print(f"{tool.name}: {count} in {spent.wall_s:.1f} s")
    return Turn(spent, each)


def table(turns: dict[Tool, list[Turn]]) -> Table:
    """A row for each tool; its ratio is that of the first tool's throughput to its own, round by round."""
    columns = ("tool", "graded", "a minute", "median s", "p95 s", "core-s each", "peak MiB", "ours is")
    made = Table(*columns, title="Grading the same answers")
    ours = next(iter(turns.values()))
    for tool, taken in turns.items():
        ratios = [first.throughput / own.throughput for first, own in zip(ours, taken, strict=True)]
        figures = (
            f"{statistics.median(t.throughput for t in taken):.1f}",
            f"{statistics.median(statistics.median(t.each) for t in taken):.2f}",
            f"{statistics.median(p95(t.each) for t in taken):.2f}",
            f"{statistics.median(t.spent.cpu_s / len(t.each) for t in taken):.2f}",
            f"{max(t.spent.peak_mib for t in taken):.0f}",
            f"{statistics.median(ratios):.1f} times ({min(ratios):.1f} to {max(ratios):.1f})",
        )
        made.add_row(tool.name, str(len(taken[0].each)), *figures)
    return made


def draw(turns: dict[Tool, list[Turn]], place: Path) -> None:
    """Submissions a minute, a bar for each tool."""
    minutes = {"": [statistics.median(t.throughput for t in taken) for taken in turns.values()]}
    bars([tool.name for tool in turns], minutes, "submissions graded in a minute", place)


if __name__ == "__main__":
    typer.run(main)
