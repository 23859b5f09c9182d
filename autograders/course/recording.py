"""Grades what a class handed in, and records it: points in the gradebook, notebooks in `autograded/`.

What stands there in the end is what nbgrader's autograde would have left. A submission counts as recorded when its graded
notebooks carry the keys of what was handed in; they come to their place last, after the points.
"""

import collections
import dataclasses
import itertools
import operator
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from autograders.course import autograded, batch, changes, points
from autograders.course.changes import Change
from autograders.course.collected import Course, Submission
from autograders.course.crew import Crew
from autograders.course.gradebook import Book, Entry
from autograders.course.preparing import KEY, Piece, Preparing
from autograders.course.released import Released
from autograders.course.results import FOLDER, Graded, Results
from autograders.course.resuming import begins

STAGED = ".stateless_staged-"  # folders of a course, where graded notebooks wait until their points are written
AT_ONCE = 100  # submissions in one transaction
Parts = list[tuple[Piece, Graded]]
New = list[tuple[Released, list[Submission]]]


@dataclasses.dataclass(frozen=True)
class Done:
    """A submission that is graded: what it earns, its folder that waits, and what that changes."""

    submission: Submission
    assignment: Released
    entry: Entry
    staged: Path
    changes: tuple[Change, ...]


class Recording:
    """One run over a course's submissions."""

    def __init__(self, course: Course, book: Book):
        self.course, self.book = course, book
        self.preparing, self.results = Preparing(course), Results(course.root / FOLDER)
        self.regraded: list[Done] = []
        self.empty: list[str] = []  # submissions without a notebook that can be meant
        if begins(course.root):
            for left in course.root.glob(f"{STAGED}*"):
                shutil.rmtree(left)
        self.staged = Path(tempfile.mkdtemp(prefix=STAGED, dir=course.root))

    def new(self, found: Iterable[Submission]) -> New:
        """By assignment, the submissions that are not recorded as they are now."""
        sorted_out = []
        for name, some in itertools.groupby(found, operator.attrgetter("assignment")):
            assignment = self.book.released(name)
            known = {student for student, _ in self.book.scores(assignment)}
            left = [s for s in some if s.student not in known or not self.preparing.is_recorded(s, assignment)]
            self.empty += [
                f"{s.folder}: no notebook that answers {name}" for s in left if not s.files(assignment.notebooks)
            ]
            sorted_out.append((assignment, [s for s in left if s.files(assignment.notebooks)]))
        return sorted_out

    def run(self, new: New, workers: Crew, tell: Callable[[str, Graded], None], dry_run: bool) -> None:
        """Grade these; who is graded for the first time, or as before, is recorded, the others wait in `regraded`.

        `tell` hears of each notebook that is graded, and whose it is.
        """
        stands = {assignment.id: self.book.scores(assignment) for assignment, _ in new}
        graded = (
            self._done(assignment, parts, stands[assignment.id])
            for assignment, parts in self._graded(new, workers, tell)
        )
        while together := list(itertools.islice(graded, AT_ONCE)):
            self.regraded += [done for done in together if done.changes]
            if not dry_run:
                self.record([done for done in together if not done.changes])

    def _graded(self, new: New, workers: Crew, tell: Callable[[str, Graded], None]) -> Iterator[tuple[Released, Parts]]:
        """The notebooks of each submission with their results, in order."""
        waiting: collections.deque[tuple[Released, Piece]] = collections.deque()

        def works():
            for assignment, some in new:
                for piece in self.preparing.pieces(assignment, some):
                    waiting.append((assignment, piece))
                    yield piece.work

        parts: Parts = []
        for _, graded in batch.grade_all(works(), workers, self.results):
            assignment, piece = waiting.popleft()
            graded = _shown(piece, graded)
            tell(piece.whose, graded)
            parts.append((piece, graded))
            if piece.last:
                yield assignment, parts
                parts = []

    def _done(self, assignment: Released, parts: Parts, stands: dict) -> Done:
        submission = parts[0][0].submission
        earned = {name: points.nothing(known) for name, known in assignment.notebooks.items()}
        different, shown = [], {}
        for piece, graded in parts:
            name = piece.known.notebook.name
            before = stands.get((submission.student, name))
            old = changes.earlier(submission.graded / f"{name}.ipynb")
            if not graded.result.questions:  # nothing was judged: a person has to look
                earned[name] = points.unread(piece.known)
                continue
            earned[name], shown[name] = points.earned(piece.notebook, graded.result, piece.known), piece.notebook
            if graded.sure:
                piece.notebook.metadata[KEY] = piece.key
            if before is not None:
                different += changes.between(submission.student, before, old, graded.result, earned[name].scores)
        staged = Path(tempfile.mkdtemp(dir=self.staged))
        self.preparing.lay_out(submission, staged, shown)
        entry = Entry(submission.student, submission.timestamp, earned)
        return Done(submission, assignment, entry, staged, tuple(different))

    def record(self, some: Iterable[Done]) -> None:
        """Write the points of these submissions, and then put their graded notebooks in place."""
        for _, group in itertools.groupby(some, lambda done: done.assignment.id):
            together = list(group)
            for part in (together[i : i + AT_ONCE] for i in range(0, len(together), AT_ONCE)):
                self.book.write(part[0].assignment, [done.entry for done in part])
                for done in part:
                    _put(done.staged, done.submission.graded)

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *_) -> None:
        shutil.rmtree(self.staged)  # what waits there is not going to be recorded


def _shown(piece: Piece, graded: Graded) -> Graded:
    """The result, which the notebook shows from now on; no result where the notebook cannot show it."""
    if not graded.result.questions:
        return graded
    try:
        autograded.show(piece.notebook, graded)
        return graded
    except Exception as error:  # whatever it is, this submission must not stop the others
        return batch.lost(piece.work, f"its graded notebook could not be made ({type(error).__name__}: {error})")


def _put(staged: Path, place: Path) -> None:
    """Put a folder in the place of another; while there is none, nothing counts as graded."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        shutil.rmtree(place)
    os.replace(staged, place)
