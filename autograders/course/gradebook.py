"""A course's gradebook, written for many submissions at once: a few statements each time, whatever their number."""

import contextlib
import datetime
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sql
from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograders.course import released
from autograders.course.points import Points
from autograders.course.released import Released

Penalty = Callable[[str, float, float], float | None]  # of a learner, with so many points, so many seconds late


class Unwritable(Exception):
    """The gradebook cannot be opened, read or written now; the message says why and what to do."""


class Entry(msgspec.Struct, frozen=True):
    """What one learner's submission of an assignment earns, notebook by notebook."""

    student: str
    timestamp: datetime.datetime | None
    notebooks: dict[str, Points]


def penalty_rule(config: Config) -> Penalty:
    """What a course's settings take off for a late submission."""
    step = AssignLatePenalties(config=config)
    step.init_plugin()
    return step.plugin_inst.late_submission_penalty


class Book:
    """An open gradebook, SQLite's or that of any server that nbgrader can use."""

    def __init__(self, url: str, course: str, penalty: Penalty):
        self.url, self.penalty = url, penalty
        with self._telling():
            self.gradebook = Gradebook(url, course)

    def released(self, assignment: str) -> Released:
        """An assignment as it was released. Raises NotReleased where the gradebook does not know it."""
        with self._telling():
            try:
                return released.read(self.gradebook, assignment)
            finally:
                self.gradebook.db.remove()  # who reads keeps others from writing

    def scores(self, assignment: Released) -> dict[tuple[str, str], dict[str, float | None]]:
        """By learner and notebook, the automatic points that stand in the gradebook now."""
        asked = (
            sql.select(SubmittedAssignment.student_id, Notebook.name, BaseCell.name, Grade.auto_score)
            .select_from(Grade)
            .join(BaseCell, BaseCell.id == Grade.cell_id)
            .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
            .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .where(SubmittedAssignment.assignment_id == assignment.id)
        )
        found: dict[tuple[str, str], dict[str, float | None]] = {}
        with self._telling(), self.gradebook.engine.connect() as connection:
            for student, notebook, cell, score in connection.execute(asked):
                found.setdefault((student, notebook), {})[cell] = score
        return found

    def write(self, assignment: Released, entries: Sequence[Entry]) -> None:
        """Put the points of these submissions in, of all or of none; what people gave by hand stays.

        Raises Unwritable where that is not possible now.
        """
        with self._telling(), self.gradebook.engine.begin() as connection:
            _Writing(connection, assignment, entries, self.penalty).run()

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except sql.exc.SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise Unwritable(
                f"The gradebook {sql.make_url(self.url).render_as_string()} cannot be used now: {reason}. Nothing is lost: "
                "when nobody else holds it, and it can be written, the same command goes on from here."
            ) from error

    def __enter__(self) -> "Book":
        return self

    def __exit__(self, *_) -> None:
        self.gradebook.close()


class _Writing:
    """One transaction on the submissions of some learners."""

    def __init__(self, connection: sql.Connection, assignment: Released, entries: Sequence[Entry], penalty: Penalty):
        self.connection, self.assignment, self.penalty = connection, assignment, penalty
        self.entries = {entry.student: entry for entry in entries}
        cells = [
            cell
            for known in assignment.notebooks.values()
            for cell in (*known.graded.values(), *known.answers.values())
        ]
        self.cells = {cell.id: cell.name for cell in cells}

    def run(self) -> None:
        self._add_students()
        self._add_submissions()
        self._set_timestamps()
        self._read()
        self._set_scores()
        self._set_remarks()
        self._set_penalties()

    def _add_students(self) -> None:
        known = set(self.connection.scalars(sql.select(Student.id).where(Student.id.in_(self.entries))))
        self._insert(Student, [{"id": student} for student in self.entries if student not in known])

    def _add_submissions(self) -> None:
        """Rows without points for whoever has none, as nbgrader's add_submission makes them."""
        asked = sql.select(SubmittedAssignment.student_id).where(self._these())
        missing = set(self.entries) - set(self.connection.scalars(asked))
        new = [{"id": new_id(), "assignment_id": self.assignment.id, "student_id": who} for who in sorted(missing)]
        self._insert(SubmittedAssignment, new)
        about = [(row["id"], known) for row in new for known in self.assignment.notebooks.values()]
        books = [{"id": new_id(), "assignment_id": id, "notebook_id": known.notebook.id} for id, known in about]
        self._insert(SubmittedNotebook, [{**book, "flagged": False} for book in books])
        cells = [(book["id"], known) for book, (_, known) in zip(books, about, strict=True)]
        grades = [(id, cell) for id, known in cells for cell in known.graded.values()]
        answers = [(id, cell) for id, known in cells for cell in known.answers.values()]
        self._insert(Grade, [{**_row(id, cell), "needs_manual_grade": True} for id, cell in grades])
        self._insert(Comment, [_row(id, cell) for id, cell in answers])

    def _set_timestamps(self) -> None:
        table = SubmittedAssignment.__table__
        change = sql.update(table).where(
            table.c.assignment_id == self.assignment.id, table.c.student_id == sql.bindparam("who")
        )
        told = [{"who": entry.student, "at": entry.timestamp} for entry in self.entries.values() if entry.timestamp]
        if told:
            self.connection.execute(change.values(timestamp=sql.bindparam("at")), told)

    def _set_scores(self) -> None:
        changes = []
        for id, book, cell, manual in self._rows(Grade, Grade.manual_score):
            scores = self._points(book).scores
            if self.cells[cell] in scores:
                score = scores[self.cells[cell]]
                waits = score is None or manual is not None
                changes.append({"row": id, "auto_score": score, "needs_manual_grade": waits})
        self._update(Grade, changes)

    def _set_remarks(self) -> None:
        changes = []
        for id, book, cell in self._rows(Comment):
            remarks = self._points(book).remarks
            if self.cells[cell] in remarks:
                changes.append({"row": id, "auto_comment": remarks[self.cells[cell]]})
        self._update(Comment, changes)

    def _set_penalties(self) -> None:
        """What the course's rule takes off for a late submission, at most all of its points."""
        if self.assignment.due is None:
            return
        earned = dict.fromkeys(self.books, 0.0)
        for _, book, _, score in self._rows(Grade, Grade.score.expression):
            earned[book] += score
        changes = []
        for book, score in earned.items():
            student = self.books[book][0]
            late = self._seconds_late(student)
            taken = self.penalty(student, score, late) if late > 0 else None
            changes.append({"row": book, "late_submission_penalty": taken and min(max(taken, 0), score)})
        self._update(SubmittedNotebook, changes)

    def _seconds_late(self, student: str) -> float:
        _, timestamp, extension = self.submissions[student]
        due = self.assignment.due + (extension or datetime.timedelta())
        return (timestamp - due).total_seconds() if timestamp else 0

    def _read(self) -> None:
        """The submissions by learner, and whose the submitted notebooks are; both found by nbgrader's indexes."""
        table = SubmittedAssignment
        asked = sql.select(table.student_id, table.id, table.timestamp, table.extension).where(self._these())
        self.submissions = {student: about for student, *about in self.connection.execute(asked)}
        owners = {id: student for student, (id, *_) in self.submissions.items()}
        names = {known.notebook.id: name for name, known in self.assignment.notebooks.items()}
        table = SubmittedNotebook
        asked = sql.select(table.id, table.assignment_id, table.notebook_id)
        asked = asked.where(table.notebook_id.in_(names), table.assignment_id.in_(owners))
        self.books = {id: (owners[owner], names[name]) for id, owner, name in self.connection.execute(asked)}

    def _points(self, book: str) -> Points:
        student, notebook = self.books[book]
        return self.entries[student].notebooks[notebook]

    def _these(self) -> Any:
        mine = SubmittedAssignment.assignment_id == self.assignment.id
        return sql.and_(mine, SubmittedAssignment.student_id.in_(self.entries))

    def _rows(self, table: Any, *more: Any) -> sql.CursorResult:
        """Each row of these submissions in a table of cells: its id, notebook and cell, and what else is asked for."""
        asked = sql.select(table.id, table.notebook_id, table.cell_id, *more)
        return self.connection.execute(asked.where(table.cell_id.in_(self.cells), table.notebook_id.in_(self.books)))

    def _insert(self, table: Any, rows: list[dict]) -> None:
        if rows:
            self.connection.execute(sql.insert(table.__table__), rows)

    def _update(self, table: Any, changes: list[dict]) -> None:
        """Change rows that are named by their ids."""
        if changes:
            values = {name: sql.bindparam(name) for name in changes[0] if name != "row"}
            change = sql.update(table.__table__).where(table.__table__.c.id == sql.bindparam("row"))
            self.connection.execute(change.values(values), changes)


def new_id() -> str:
    """An id of 32 hexadecimal digits that sorts behind all earlier ones, as a UUID of version 7 does.

    Rows that are written together then lie together, in the tables and in their indexes: with ids at random, as
    nbgrader gives them, every row is a page of its own to read and write, and the more the larger the gradebook is.
    """
    return f"{time.time_ns():016x}{secrets.token_hex(8)}"


def _row(notebook: str, cell: BaseCell) -> dict[str, str]:
    return {"id": new_id(), "notebook_id": notebook, "cell_id": cell.id}
