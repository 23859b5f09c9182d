"""The page of an exercise's checks: what each asks, why, an answer that fails it, what it cannot see.

`python -m autograders.audit.page` writes all pages; nothing is graded for them.
"""

import ast
from pathlib import Path

from autograders import exercises
from autograders.audit.corpus import Known, find, load
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
        "`stateless audit` grades them all. A check is *judged* where its verdict follows from programs or returned arrays, and "
        "*observed* where a probe beside the learner's code tells it. Of an example, only what differs from a right answer is shown.\n",
    ]
    for question in chosen.automatic:
        said.append(f"## {question.id}: {question.title} ({_points(question.points)})\n")
        said += [_check(exercise, check, files) for check in chosen.checks if check.question == question.id]
    return "\n".join(said)


def _check(exercise: str, check: Check, files: list[Known]) -> str:
    wrong = [known for known in files if check.id in known.caught_by]
    alone = [known for known in wrong if len(known.caught_by) == 1]
    needs = f" Waits for `{'`, `'.join(check.needs)}`." if check.needs else ""
    parts = [
        f"### {check.id}\n",
        f"{check.says} *{_points(check.points)}, {check.evidence}.*{needs}\n",
        f"**Why:** {check.why}\n",
        f"**Blind to:** {check.blind}\n",
        _mistakes(wrong, alone),
        _example(alone or wrong, exercises.load(exercise).question(check.question).defines),
    ]
    return "\n".join(part for part in parts if part)


def _points(number: float) -> str:
    return f"{number:g} point{'' if number == 1 else 's'}"


def _mistakes(wrong: list[Known], alone: list[Known]) -> str:
    names = exercises.misconceptions()
    ids = sorted({known.misconceptions[0] for known in wrong if known.misconceptions})
    listed = "".join(f"\n- {i}: {names[i]}" for i in ids)
    return f"{len(wrong)} of the wrong answers fail it, {len(alone)} of them nothing else{':' if listed else '.'}\n{listed}\n"


def _example(wrong: list[Known], defines: tuple[str, ...]) -> str:
    """The shortest answer to the question that fails the check."""
    answers = [(_answer(known, defines), known) for known in wrong]
    source, known = min(((a, k) for a, k in answers if a), key=lambda pair: len(pair[0]), default=("", None))
    return f"For example: {known.why}\n\n```python\n{source}\n```\n" if known else ""


def _answer(known: Known, defines: tuple[str, ...]) -> str:
    """What a file says in answer to a question, what it uses included, where the nearest right answer says otherwise."""
    text = known.path.read_text(encoding="utf-8")
    nodes, same, wanted, before = ast.parse(text).body, _said_right(known), set(defines), set()
    while wanted != before:
        before = wanted
        parts = [node for node in nodes if _names(node) & wanted]
        wanted = wanted | {part.id for node in parts for part in ast.walk(node) if isinstance(part, ast.Name)}
    return "\n\n".join(_whole(text, node) for node in parts if ast.dump(node) not in same)


def _said_right(known: Known) -> set[str]:
    """The statements of the nearest right answer, in a form that can be compared."""
    if not known.neighbour:
        return set()
    return {ast.dump(node) for node in ast.parse(known.path.with_name(known.neighbour).read_text("utf-8")).body}


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Assign):
        return {part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)}
    return {getattr(node, "name", "")}


def _whole(text: str, node: ast.stmt) -> str:
    """The source of a definition with its decorators."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    return "\n".join(text.splitlines()[first - 1 : node.end_lineno])


def write(exercise: str, corpus: list[Known]) -> Path:
    """Write the page beside the corpus of the exercise."""
    place = path(exercise, corpus)
    place.write_text(page(exercise, corpus), encoding="utf-8")
    return place


if __name__ == "__main__":
    everything = load(find(), exercises.names())
    for name in exercises.names():
        print(write(name, everything))
