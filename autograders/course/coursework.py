"""`stateless grade` on what a class handed in: graded, compared with what stands in the gradebook, and recorded."""

from collections.abc import Callable
from pathlib import Path

from autograders.course import batch, changes, watching
from autograders.course.collected import Course
from autograders.course.crew import Crew
from autograders.course.gradebook import Book, penalty_rule
from autograders.course.recording import New, Recording
from autograders.course.results import Graded
from autograders.course.telling import Told


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
    told.line(f"{told.done} graded.")
    return told.end(total, "graded and recorded; the same command goes on from here")


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
