"""`stateless grade` on what a class handed in: graded, compared with what stands in the gradebook, and recorded."""

from collections.abc import Callable
from pathlib import Path

import msgspec
from rich.console import Console

from autograders.course import batch, changes, watching
from autograders.course.collected import Course
from autograders.course.crew import Crew
from autograders.course.gradebook import Book, penalty_rule
from autograders.course.recording import New, Recording
from autograders.course.results import Graded
from autograders.display import text


class Told:
    """What an instructor hears of a run: results as JSON if wanted, who waits for a person, and numbers at the end."""

    def __init__(self, json: bool):
        self.json, self.console, self.done, self.waiting = json, Console(stderr=json), 0, []

    def __call__(self, whose: str, graded: Graded) -> None:
        self.done += 1
        if why := batch.failed(graded):
            self.waiting.append(text.clean(f"{whose}: {why}"))
        if self.json:
            print(msgspec.json.encode(graded.result).decode(), flush=True)

    def line(self, words: str) -> None:
        self.console.print(words, soft_wrap=True, highlight=False, markup=False)


def grade(
    root: Path, paths: list[Path], crew: Callable[[int], Crew], json: bool, dry_run: bool, accept_weak: bool
) -> int:
    """Grade what was handed in at these paths, and record it in the course; returns the status to exit with.

    Raises NotReleased, Unwritable and TooWeak.
    """
    course, told = Course(root), Told(json)
    accept_weak |= bool(course.config.RunConfined.get("accept_weak_confinement", False))
    with (
        Book(course.directory.db_url, course.directory.course_id, penalty_rule(course.config)) as book,
        Recording(course, book) as recording,
    ):
        found = course.submissions(paths)
        new = recording.new(found)
        total, told.waiting = sum(len(some) for _, some in new), recording.empty
        as_they_are = len(found) - total - len(recording.empty)
        told.line(f"{len(found)} submissions, {as_they_are} of them recorded as they are.")
        if total:
            _run(recording, new, crew(total), told, dry_run, accept_weak)
        _tell_changes(recording, told, dry_run)
    return _end(told, total)


def _run(recording: Recording, new: New, crew: Crew, told: Told, dry_run: bool, accept_weak: bool) -> None:
    total = sum(len(some) for _, some in new)
    with crew as workers, watching.stoppable(workers), watching.watching(total) as tell:
        batch.start(workers, accept_weak, total)

        def both(whose: str, graded: Graded) -> None:
            told(whose, graded)
            tell(graded)

        recording.run(new, workers, both, dry_run)


def _tell_changes(recording: Recording, told: Told, dry_run: bool) -> None:
    """Say whose points change, by how much and why; then record it, unless this is a dry run."""
    different = [change for done in recording.regraded for change in done.changes]
    if different:
        told.console.print(changes.table(different))
    if dry_run:
        told.line(
            "Nothing was recorded, as this was a dry run; without --dry-run it is, from the results that were kept."
        )
    else:
        recording.record(recording.regraded)


def _end(told: Told, total: int) -> int:
    told.line(f"{told.done} graded.")
    if told.waiting:
        told.line("\nNot graded, a person has to look:\n" + "\n".join(told.waiting))
    if told.done < total:
        told.line(f"\nStopped: {told.done} of {total} are graded and recorded; the same command goes on from here.")
        return 130
    return 1 if told.waiting else 0
