"""The page of an exercise's checks: what each asks, why, an answer that fails it beside one that does not, its blind spots."""

import difflib
from pathlib import Path

from autograders import exercises
from autograders.audit.corpus import Known
from autograders.checks import Check

LINES = 14  # of an example; longer ones are not read


def path(exercise: str, corpus: list[Known]) -> Path:
    """Where the page of an exercise lies: beside its corpus, and not in the package, because it shows right answers."""
    return next(known.path for known in corpus if known.exercise == exercise).with_name("CHECKS.md")


def page(exercise: str, corpus: list[Known]) -> str:
    """The page, in Markdown, from the exercise's manifest, its checks and its corpus."""
    chosen = exercises.load(exercise)
    files = [known for known in corpus if known.exercise == exercise]
    right = sum(known.right for known in files)
    said = [
        f"# The checks of `{exercise}`: {chosen.manifest.title}\n",
        f"Made from the exercise and from {right} right and {len(files) - right} wrong answers whose verdict is known; "
        "`stateless audit` grades them all.\n",
    ]
    for question in chosen.automatic:
        said.append(f"## {question.id}: {question.title} ({question.points:g} points)\n")
        said += [_check(check, files) for check in chosen.checks if check.question == question.id]
    return "\n".join(said)


def _check(check: Check, files: list[Known]) -> str:
    wrong = [known for known in files if check.id in known.caught_by]
    alone = [known for known in wrong if len(known.caught_by) == 1]
    needs = f" After `{'`, `'.join(check.needs)}`." if check.needs else ""
    parts = [
        f"### {check.id}\n",
        f"{check.says} *{check.points:g} points, {check.evidence}.*{needs}\n",
        f"**Why.** {check.why}\n" if check.why else "",
        f"**Blind to.** {check.blind}\n" if check.blind else "",
        _mistakes(wrong, alone),
        _example(alone or wrong, files),
    ]
    return "\n".join(part for part in parts if part)


def _mistakes(wrong: list[Known], alone: list[Known]) -> str:
    names = exercises.misconceptions()
    ids = sorted({known.misconceptions[0] for known in wrong if known.misconceptions})
    listed = "".join(f"\n- {i}: {names[i]}" for i in ids)
    return f"Catches {len(wrong)} of the wrong answers, {len(alone)} of which nothing else catches:\n{listed}\n"


def _example(wrong: list[Known], files: list[Known]) -> str:
    """The wrong answer that is nearest to its right neighbour, as a difference."""
    beside = {known.path.name: known for known in files}
    pairs = [(known, beside[known.neighbour]) for known in wrong if known.neighbour in beside]
    shown = sorted(((_difference(known, other), known) for known, other in pairs), key=lambda pair: len(pair[0]))
    lines, known = next(((lines, known) for lines, known in shown if lines), ([], None))
    if not known or len(lines) > LINES:
        return ""
    return "\n".join([f"For example: {known.why}\n", "```diff", *lines, "```\n"])


def _difference(known: Known, other: Known) -> list[str]:
    """What the wrong file has instead of the right one, without comments and places."""
    sources = [
        [line for line in k.path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        for k in (other, known)
    ]
    return [
        line for line in difflib.unified_diff(*sources, n=1, lineterm="") if not line.startswith(("---", "+++", "@@"))
    ]


def write(exercise: str, corpus: list[Known]) -> Path:
    """Write the page beside the exercise."""
    place = path(exercise, corpus)
    place.write_text(page(exercise, corpus), encoding="utf-8")
    return place
