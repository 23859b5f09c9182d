"""Results as HTML for notebooks and feedback pages; whatever a learner wrote is escaped."""

import re
from html import escape

from autograders.judge.verdicts import CheckResult, QuestionResult

MARKS = {
    "pass": ("&#10003;", "#1a7f37", "holds"),
    "fail": ("&#10007;", "#cf222e", "does not hold"),
    "blocked": ("&#8943;", "#6e7781", "waits"),
    "limit": ("&#9201;", "#bc4c00", "stopped"),
    "internal": ("!", "#8250df", "the grader failed"),
}
BOX = "font-family:system-ui,sans-serif;font-size:14px;line-height:1.45;max-width:46em;color:#1f2328;background:#ffffff;"
LINE = "margin:.35em 0 .35em 0;padding-left:1.6em;text-indent:-1.6em;"


def question(result: QuestionResult, title: str) -> str:
    """A question's points, and its checks one by one: first what is to mend, then what holds."""
    full = result.points == result.max_points
    edge = "#1a7f37" if full else "#bf8700"
    head = f"<b>{escape(title)}</b> &nbsp;{result.points:g} of {result.max_points:g} points"
    lines = [check(c) for c in sorted(result.checks, key=lambda c: c.status in ("pass", "blocked"))]
    return f'<div style="{BOX}border-left:4px solid {edge};padding:.4em .9em;">{head}{stand_in(result)}{"".join(lines)}</div>'


def stand_in(result: QuestionResult) -> str:
    """Tells which earlier answers were replaced, so that their mistakes cost nothing here, or used though they are wrong."""
    replaced, used = ", ".join(result.stand_in), ", ".join(result.uses_wrong)
    told = f"Judged with a correct answer in place of yours to: {replaced}." if replaced else ""
    told += f" Uses your answer to {used}, which is not right yet: mend that first." if used else ""
    return f'<div style="color:#57606a">{escape(told.strip())}</div>' if told else ""


def check(result: CheckResult) -> str:
    """One check: a mark, its sentence, and for what fails: what, why, hint."""
    mark, colour, word = MARKS[result.status]
    sign = f'<span style="color:{colour};display:inline-block;width:1.6em;text-indent:0" title="{word}">{mark}</span>'
    what = code(result.what)
    if result.status == "pass":
        return f'<div style="{LINE}color:#57606a">{sign}{what}</div>'
    if result.status == "blocked":
        return f'<div style="{LINE}color:#6e7781">{sign}{escape(sentence(result.id))}: {what}</div>'
    more = "".join(f'<div style="text-indent:0">{label}{code(text)}</div>' for label, text in told(result))
    return f'<div style="{LINE}">{sign}<b>{escape(sentence(result.id))}</b><div style="text-indent:0">{what}</div>{more}</div>'


def told(result: CheckResult) -> list[tuple[str, str]]:
    """Why and hint, with their labels, where there are any."""
    label = '<span style="color:#57606a">{}</span> '
    return [(label.format(name), text) for name, text in (("Why:", result.why), ("Try:", result.hint)) if text]


def sentence(id: str) -> str:
    """A check's id as words."""
    return id.replace("_", " ").capitalize()


def code(text: str) -> str:
    """Escaped text with `backticks` as code."""
    shown = r'<code style="background:#eff1f3;padding:0 .25em;border-radius:3px;font-size:92%">\1</code>'
    return re.sub(r"`([^`]+)`", shown, escape(text))
