"""The page of an exercise's checks: what each asks, why, an answer that fails it, what it cannot see."""

import ast
from pathlib import Path

from autograders import exercises
from autograders.audit.corpus import Known
from autograders.checks import Check


def path(exercise: str, corpus: list[Known]) -> Path:
    """Where the page of an exercise lies: beside its corpus, which is no part of the package."""
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
        said += [_check(exercise, check, files) for check in chosen.checks if check.question == question.id]
    return "\n".join(said)


def _check(exercise: str, check: Check, files: list[Known]) -> str:
    wrong = [known for known in files if check.id in known.caught_by]
    alone = [known for known in wrong if len(known.caught_by) == 1]
    needs = f" After `{'`, `'.join(check.needs)}`." if check.needs else ""
    parts = [
        f"### {check.id}\n",
        f"{check.says} *{check.points:g} points, {check.evidence}.*{needs}\n",
        f"**Why.** {check.why}\n" if check.why else "",
        f"**Blind to.** {check.blind}\n" if check.blind else "",
        _mistakes(wrong, alone),
        _example(alone or wrong, exercises.load(exercise).question(check.question).defines),
    ]
    return "\n".join(part for part in parts if part)


def _mistakes(wrong: list[Known], alone: list[Known]) -> str:
    names = exercises.misconceptions()
    ids = sorted({known.misconceptions[0] for known in wrong if known.misconceptions})
    listed = "".join(f"\n- {i}: {names[i]}" for i in ids)
    return f"Catches {len(wrong)} of the wrong answers, {len(alone)} of which nothing else catches:\n{listed}\n"


def _example(wrong: list[Known], defines: tuple[str, ...]) -> str:
    """The shortest answer to the question that fails the check."""
    answers = [(_answer(known, defines), known) for known in wrong]
    source, known = min(((a, k) for a, k in answers if a), key=lambda pair: len(pair[0]), default=("", None))
    return f"For example: {known.why}\n\n```python\n{source}\n```\n" if known else ""


def _answer(known: Known, defines: tuple[str, ...]) -> str:
    """What a file defines of a question, as it is written there."""
    text = known.path.read_text(encoding="utf-8")
    return "\n\n".join(_whole(text, node) for node in ast.parse(text).body if _names(node) & set(defines))


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Assign):
        return {part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)}
    return {getattr(node, "name", "")}


def _whole(text: str, node: ast.stmt) -> str:
    """The source of a definition with its decorators."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    return "\n".join(text.splitlines()[first - 1 : node.end_lineno])


def write(exercise: str, corpus: list[Known]) -> Path:
    """Write the page beside the exercise."""
    place = path(exercise, corpus)
    place.write_text(page(exercise, corpus), encoding="utf-8")
    return place
