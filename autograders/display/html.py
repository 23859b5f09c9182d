"""Results as HTML for notebooks and feedback pages; whatever a learner wrote is escaped."""

import re
from html import escape
from itertools import groupby

from autograders.display import text
from autograders.judge.verdicts import CheckResult, QuestionResult

# Colours that can be read on white and on black; JupyterLab's own where there are any. Grey is the text's colour, faded.
MARKS = {
    "pass": ("&#10003;", "var(--jp-success-color1,#2e9e4f)", "holds"),
    "fail": ("&#10007;", "var(--jp-error-color1,#e0434c)", "does not hold"),
    "blocked": ("&#8943;", "inherit", "waits"),
    "limit": ("&#9632;", "var(--jp-warn-color1,#d9730d)", "stopped"),
    "internal": ("!", "#9a6ee8", "the grader failed"),
}
BOX = (
    "font-family:system-ui,sans-serif;font-size:14px;line-height:1.45;max-width:54em;overflow-wrap:anywhere;"
    "margin:.2em 0;padding:.3em .9em;border-left:4px solid "
)
LINE = "margin:.3em 0;padding-left:1.6em;"
SIGN = "display:inline-block;width:1.6em;margin-left:-1.6em;"


def question(result: QuestionResult, title: str) -> str:
    """A question's points, and its checks: first what is to mend, then what waits for it, then what holds."""
    full = result.points == result.max_points
    edge = MARKS["pass"][1] if full else "#bf8700"
    head = f"<div><b>{escape(title)}</b> &nbsp;{result.points:g} of {result.max_points:g} points</div>"
    failed = [c for c in result.checks if c.status not in ("pass", "blocked")]
    lines = [
        failures(list(same)) for _, same in groupby(failed, key=lambda c: (c.status, c.why, c.hint, c.misconception))
    ]
    lines.append(waiting([c for c in result.checks if c.status == "blocked"], bool(failed)))
    lines += [line("pass", faded(code(c.what))) for c in result.checks if c.status == "pass"]
    return box(head + stand_in(result) + "".join(lines), edge)


def box(content: str, edge: str = "#8a919a") -> str:
    """Content in the frame that all our messages have; it takes the page's own colours."""
    return f'<div style="{BOX}{edge};">{content}</div>'


def stand_in(result: QuestionResult) -> str:
    """Tells which earlier answers were replaced, so that their mistakes cost nothing here, or used though they are wrong."""
    told = text.earlier(result)
    return f"<div>{faded(escape(told))}</div>" if told else ""


def failures(checks: list[CheckResult]) -> str:
    """Checks that failed for the same reason: each with what happened, then why and hint, once."""
    by_what: dict[str, list[str]] = {}
    for check in checks:
        by_what.setdefault(check.what, []).append(check.id)
    told = [
        f"<b>{escape(sentences(ids))}</b><div>{code(what[:1].upper() + what[1:])}</div>"
        for what, ids in by_what.items()
    ]
    told[-1] += "".join(
        f"<div>{faded(label)} {code(said)}</div>"
        for label, said in (("Why:", checks[0].why), ("Try:", checks[0].hint), ("Known as:", text.known_as(checks[0])))
        if said
    )
    return "".join(line(checks[0].status, content) for content in told)


def waiting(checks: list[CheckResult], failed: bool) -> str:
    """Checks that have not been run, in one line."""
    if not checks:
        return ""
    why = "Checked when the above holds" if failed else "Not checked yet"
    return line("blocked", faded(f"{why}: {escape(sentences([c.id for c in checks]).lower())}."))


def line(status: str, content: str) -> str:
    """A mark and what belongs to it."""
    mark, colour, word = MARKS[status]
    return f'<div style="{LINE}"><span style="{SIGN}color:{colour}" title="{word}">{mark}</span>{content}</div>'


def faded(content: str) -> str:
    """What matters less."""
    return f'<span style="opacity:.75">{content}</span>'


def sentences(ids: list[str]) -> str:
    """Ids of checks as words, with commas between them."""
    return ", ".join(id.replace("_", " ") for id in ids).capitalize()


def code(said: str) -> str:
    """Escaped text with `backticks` as code."""
    style = "background:rgba(128,128,128,.16);color:inherit;padding:0 .25em;border-radius:3px;font-size:92%"
    return re.sub(r"`([^`]+)`", rf'<code style="{style}">\1</code>', escape(said))
