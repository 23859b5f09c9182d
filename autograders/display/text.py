"""Results as plain text, for terminals and for places that show no HTML."""

import re

from autograders import exercises
from autograders.judge.verdicts import CheckResult, QuestionResult, Result

MARKS = {"pass": "ok", "fail": "no", "blocked": "..", "limit": "--", "internal": "!!"}
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # a learner's text may hold terminal escapes


def question(result: QuestionResult, title: str) -> str:
    """A question's points, and its checks one by one."""
    lines = [f"{title}: {result.points:g} of {result.max_points:g} points"]
    if told := earlier(result):
        lines.append(f"  {told}")
    for check in result.checks:
        lines += check_lines(check)
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


def check_lines(check: CheckResult) -> list[str]:
    """One check: a mark and its name, and for what fails: what, why, hint."""
    lines = [f"  {MARKS[check.status]}  {check.id} ({check.points:g}/{check.max_points:g})"]
    if check.status == "blocked":
        return [f"{lines[0]}  {clean(check.what)}"]
    if check.status == "pass":
        return lines
    parts = (("what: ", check.what), ("why:  ", check.why), ("hint: ", check.hint), ("id:   ", known_as(check)))
    return lines + [f"        {label}{clean(text)}" for label, text in parts if text]


def known_as(check: CheckResult) -> str:
    """The misconception that a check names, with its id; empty where the evidence points to none."""
    name = exercises.misconceptions().get(check.misconception)
    return f"{check.misconception}, {name}" if name else ""


def clean(text: str) -> str:
    """Text without control characters."""
    return CONTROL.sub("?", text).replace("\n", " ")


def result(graded: Result, titles: dict[str, str]) -> str:
    """A whole result."""
    lines = [f"{clean(graded.source)}: {graded.exercise}, {graded.points:g} of {graded.max_points:g} points"]
    lines += [question(q, titles[q.id]) for q in graded.questions]
    lines += [f"  note: {clean(note)}" for note in graded.notes]
    if graded.manual_points:
        points = "1 more point is" if graded.manual_points == 1 else f"{graded.manual_points:g} more points are"
        lines.append(f"  {points} given by a person.")
    return "\n".join(lines)
