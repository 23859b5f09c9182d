"""What a graded notebook earns in the gradebook: one finite number per automatic question; manual ones wait for a person."""

import msgspec
from nbformat import NotebookNode
from nbgrader import utils

from autograders import exercises
from autograders.course.released import Known
from autograders.judge.verdicts import QuestionResult, Result


class Points(msgspec.Struct, frozen=True):
    """By graded cell its points, None where a person has to decide; and by answer what nbgrader remarks on it."""

    scores: dict[str, float | None]
    remarks: dict[str, str | None]


def earned(nb: NotebookNode, result: Result, known: Known) -> Points:
    """The points and remarks of a graded notebook.

    They are asked of the cells that were released, not of those that the learner left: a deleted check cell changes nothing.
    """
    cells = {c.metadata.nbgrader["grade_id"]: c for c in nb.cells if utils.is_grade(c) or utils.is_solution(c)}
    judged = {question.id: automatic(question) for question in result.questions}
    if not judged:  # the grader failed: a person has to look at all that it should have judged
        judged = dict.fromkeys(question.id for question in _automatic(known.notebook.name))
    scores = {name: judged[name] if name in judged else untouched(cells.get(name)) for name in known.graded}
    left = {name: untouched(cells.get(name)) == 0 for name in known.answers}
    return Points(scores, {name: "No response." if is_left else None for name, is_left in left.items()})


def nothing(known: Known) -> Points:
    """Those of a notebook that was not handed in, as nbgrader gives them."""
    return Points(dict.fromkeys(known.graded, 0.0), {})


def unread(known: Known) -> Points:
    """Those of a file that cannot be read: a person has to look."""
    return Points(dict.fromkeys(known.graded), {})


def _automatic(exercise: str) -> list[exercises.Question]:
    known = exercise in exercises.names()
    return [question for question in exercises.manifest(exercise).questions if not question.manual] if known else []


def automatic(question: QuestionResult) -> float | None:
    """A question's points; None, which asks for a person, where the grader itself failed."""
    if any(check.status == "internal" for check in question.checks):
        return None
    return min(max(float(question.points), 0.0), question.max_points)


def untouched(cell: NotebookNode | None) -> float | None:
    """0 for an answer that is missing or as it was released, None for one that a person has to read."""
    if cell is None or cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell):
        return 0.0
    return None
