"""Results as plain text, for terminals and for places that show no HTML."""

import re

from autograders import exercises
from autograders.judge.verdicts import CheckResult, QuestionResult, Result

MARKS = {"pass": "ok", "fail": "no", "blocked": "..", "limit": "--", "internal": "!!"}
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # a learner's text may hold terminal escapes


def question(result: QuestionResult, title: str) -> str:
    """A question's points, and its checks one by one; what happened in several is told once."""
    lines = [f"{title}: {result.points:g} of {result.max_points:g} points"]
    if told := earlier(result):
        lines.append(f"  {told}")
    told: dict[tuple[str, ...], str] = {}
    for check in result.checks:
        first = told.setdefault((check.status, check.what, check.why, check.hint), check.id)
        lines += check_lines(check) if first == check.id else again(check, first)
    return "\n".join(lines)


def earlier(result: QuestionResult) -> str:
    """Which earlier answers were replaced, or used though they are wrong; empty where there are none."""
    told = []
    if result.stand_in:
        told.append(f"Judged with a correct answer in place of yours to: {', '.join(result.stand_in)}.")
    if result.uses_wrong:
        are = "which are" if len(result.uses_wrong) > 1 else "which is"
        told.append(f"Uses your answer to {' and '.join(result.uses_wrong)}, {are} not right yet: mend that first.")
    return " ".join(told)


def again(check: CheckResult, first: str) -> list[str]:
    """A check in which the same happened as in another."""
    if check.status in ("pass", "blocked"):
        return check_lines(check)
    return [f"{head(check)}  The same as in {first}."]


def check_lines(check: CheckResult) -> list[str]:
    """One check: a mark and its name, and for what fails: what, why, hint."""
    if check.status == "blocked":
        return [f"{head(check)}  {clean(check.what)}"]
    lines = [head(check)]
    if check.status == "pass":
        return lines
    parts = (("what: ", check.what), ("why:  ", check.why), ("hint: ", check.hint), ("id:   ", known_as(check)))
    return lines + [f"        {label}{clean(text)}" for label, text in parts if text]


def head(check: CheckResult) -> str:
    """Its mark, its name and its points."""
    return f"  {MARKS[check.status]}  {check.id} ({check.points:g}/{check.max_points:g})"


def known_as(check: CheckResult) -> str:
    """The misconception that a check names, with its id; empty where the evidence points to none."""
    name = exercises.misconceptions().get(check.misconception)
    return f"{check.misconception}, {name}" if name else ""


def clean(text: str) -> str:
    """Text without control characters."""
    return CONTROL.sub("?", text).replace("\n", " ")


def result(graded: Result) -> str:
    """A whole result, of an exercise that is known."""
    titles = {q.id: q.title for q in exercises.manifest(graded.exercise).questions}
    lines = [f"{clean(graded.source)}: {graded.exercise}, {graded.points:g} of {graded.max_points:g} points"]
    lines += [question(q, titles[q.id]) for q in graded.questions]
    lines += [f"  note: {clean(note)}" for note in graded.notes]
    if graded.manual_points:
        points = "1 more point is" if graded.manual_points == 1 else f"{graded.manual_points:g} more points are"
        lines.append(f"  {points} given by a person.")
    return "\n".join(lines)
