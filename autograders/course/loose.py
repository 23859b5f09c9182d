"""`stateless grade` on files that no course records: graded, and told one after the other."""

from collections.abc import Iterable

from autograders.course import batch, watching
from autograders.course.crew import Crew
from autograders.course.results import Results, Work
from autograders.course.telling import Told
from autograders.display import text


def grade(works: Iterable[Work], total: int, crew: Crew, json: bool, results: Results | None, accept_weak: bool) -> int:
    """Grade so many files, and print each result; returns the status to exit with.

    Raises TooWeak and NoWorkers.
    """
    told = Told(json, stderr=True)
    with crew as workers, watching.stoppable(workers), watching.watching(total) as tell:
        batch.start(workers, accept_weak, total)
        for work, graded in batch.grade_all(works, workers, results):
            told(work.source, graded)
            if not json and graded.result.exercise:
                print(text.result(graded.result), flush=True)
            tell(graded)
    kept = "the same command goes on from here" if results else "with --results FOLDER they would have been kept"
    return told.end(total, f"graded; {kept}")
