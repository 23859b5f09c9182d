"""`check("question")`: a learner's self-check in a notebook cell."""

import inspect
import sys
from typing import Any

from autograders import exercises
from autograders.display import html, text
from autograders.judge.verdicts import QuestionResult


class Shown:
    """A question's verdict: HTML in a notebook, text elsewhere."""

    def __init__(self, result: QuestionResult, title: str):
        self.result, self.title = result, title

    def _repr_html_(self) -> str:
        return html.question(self.result, self.title)

    def __repr__(self) -> str:
        return text.question(self.result, self.title)


class Note:
    """A sentence instead of a verdict."""

    def __init__(self, said: str):
        self.said = said

    def _repr_html_(self) -> str:
        return html.box(html.code(self.said))

    def __repr__(self) -> str:
        return self.said


def check(question: str, exercise: str = "") -> Shown | Note:
    """Check the answer to a question as the grader would, with public inputs, and show what holds and what to mend.

    The functions are looked up where `check` is called. Never raises for a wrong answer, so that "Run All" goes on.
    """
    namespace = caller()
    try:
        chosen = exercise or find_exercise(question, namespace)
    except LookupError as error:
        return Note(str(error.args[0]))
    from autograders.judge import grading, verdicts
    from autograders.judge.handle import Submission
    from autograders.learner.answering import Answerer
    from autograders.sandbox.evaluator import evaluate_here

    handle = Submission(Answerer(namespace, alarms=False).answer, evaluate_here)
    loaded = exercises.load(chosen)
    found = grading.run_checks(loaded, handle, only=question)
    if any(verdict.status != "pass" for verdict in found.values()):
        for earlier in loaded.question(question).builds_on:
            found |= grading.run_checks(loaded, handle, only=earlier)
    result = next(q for q in verdicts.questions(loaded, found, {}) if q.id == question)
    return Shown(result, loaded.question(question).title)


def caller() -> dict[str, Any]:
    """The namespace of the notebook: that of the innermost frame outside this package."""
    frame = inspect.currentframe()
    while frame and frame.f_globals.get("__name__", "").startswith("autograders"):
        frame = frame.f_back
    return frame.f_globals if frame else sys.modules["__main__"].__dict__


def find_exercise(question: str, namespace: dict[str, Any]) -> str:
    """The exercise that has this question; where several do, the one whose names the notebook defines most.

    Raises LookupError with what there is instead.
    """
    having = [name for name in exercises.names() if question in {q.id for q in exercises.manifest(name).questions}]
    if not having:
        known = ", ".join(
            q.id for name in exercises.names() for q in exercises.manifest(name).questions if not q.manual
        )
        raise LookupError(f"No question is called `{question}`. There are: {known}.")
    best = max(
        having, key=lambda name: sum(n in namespace for q in exercises.manifest(name).questions for n in q.defines)
    )
    if next(q for q in exercises.manifest(best).questions if q.id == question).manual:
        raise LookupError(f"`{question}` is read by a person; there is nothing to check automatically.")
    return best
