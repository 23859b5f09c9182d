"""Every file in tests/submissions gets exactly the failed checks that its name says."""

from pathlib import Path

import pytest

from autograders import exercises
from autograders.judge import grading, submissions

FOLDER = Path(__file__).parent / "submissions"
FILES = sorted(FOLDER.glob("*/*.py"))


def expected(file: Path) -> set[str]:
    """The checks that must fail or be blocked, from the file's name; `+all` adds what a failed check blocks."""
    kind, *rest = file.stem.split("__")
    if kind == "good":
        return set()
    named = set(rest[0].split("+"))
    checks = exercises.load(file.parent.name).checks
    while "all" in named and (more := {c.id for c in checks if named & set(c.needs)} - named):
        named |= more
    return named - {"all"}


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_failed_checks_are_those_in_the_name(file, engine, stand_ins):
    """Too many failed checks are as wrong as too few."""
    result, _ = grading.grade(file.name, submissions.read(file, file.parent.name), engine, references=stand_ins)
    failed = {c.id: c.what for q in result.questions for c in q.checks if c.status != "pass"}
    assert set(failed) == expected(file), failed
    assert result.status == "graded"


@pytest.mark.parametrize("exercise", exercises.names())
def test_every_check_is_failed_by_some_file(exercise):
    """A check that no wrong answer fails could be dead."""
    seen = {check for file in FILES if file.parent.name == exercise for check in expected(file)}
    assert {c.id for c in exercises.load(exercise).checks} <= seen


@pytest.mark.parametrize("exercise", exercises.names())
def test_there_are_enough_of_both_kinds(exercise):
    """At least 5 right ones, written differently, and 10 wrong ones for each exercise."""
    names = [file.name for file in FILES if file.parent.name == exercise]
    assert sum(name.startswith("good__") for name in names) >= 5
    assert sum(name.startswith("bad__") for name in names) >= 10
