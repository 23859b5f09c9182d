"""What a regrade changes: who, by how much, and why; the old result and the new side by side."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from rich.table import Table

from autograders.course.autograded import KEPT
from autograders.judge.verdicts import QuestionResult, Result

ABOUT = {
    "submission": "another submission",
    "grader": "other checks",
    "seed": "other inputs",
    "backend": "another backend",
}


class Change(msgspec.Struct, frozen=True):
    """A question whose points change for somebody: before and after, and the checks that end otherwise."""

    student: str
    exercise: str
    question: str
    before: float | None
    after: float | None
    checks: tuple[str, ...]
    because: str


def earlier(notebook: Path) -> Result | None:
    """The result that stands in a graded notebook; None where there is none that can be read."""
    try:
        return msgspec.convert(msgspec.json.decode(notebook.read_bytes())["metadata"][KEPT], Result)
    except (OSError, msgspec.MsgspecError, KeyError, TypeError):
        return None


def between(
    student: str, stands: dict[str, float | None], old: Result | None, new: Result, scores: dict[str, float | None]
) -> Iterator[Change]:
    """The changes from what stands in the gradebook to these scores."""
    before, after = _questions(old), _questions(new)
    for question, score in scores.items():
        was = stands.get(question)
        if was != score:
            checks = tuple(_checks(before.get(question), after.get(question)))
            yield Change(student, new.exercise, question, was, score, checks, _because(old, new))


def _questions(result: Result | None) -> dict[str, QuestionResult]:
    return {question.id: question for question in result.questions} if result else {}


def _checks(old: QuestionResult | None, new: QuestionResult | None) -> Iterator[str]:
    """The checks that end otherwise than before."""
    before = {check.id: check.status for check in old.checks} if old else {}
    for check in new.checks if new else ():
        if (was := before.get(check.id, "not asked")) != check.status:
            yield f"{check.id}: {was} → {check.status}"


def _because(old: Result | None, new: Result) -> str:
    """What differs between the two gradings; empty where nothing does that a result tells."""
    if old is None:
        return "it was not graded by this package"
    different = [said for name, said in ABOUT.items() if getattr(old, name) != getattr(new, name)]
    packages = [
        f"{name} {old.versions.get(name)} → {new}"
        for name, new in new.versions.items()
        if old.versions.get(name) != new
    ]
    return ", ".join([*different, *packages])


def table(changes: list[Change]) -> Table:
    """The changes as a table, a row for each question."""
    made = Table("learner", "question", "points", "checks", "because", title=f"{len(changes)} changes")
    for change in changes:
        points = f"{_shown(change.before)} → {_shown(change.after)}"
        made.add_row(
            change.student, f"{change.exercise}: {change.question}", points, "\n".join(change.checks), change.because
        )
    return made


def _shown(points: float | None) -> str:
    return "?" if points is None else f"{points:g}"
