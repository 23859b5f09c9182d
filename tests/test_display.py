"""What a learner reads: every check is named, and what happened in several is told once."""

import msgspec
import pytest

from autograders.display import html, text
from autograders.judge.verdicts import CheckResult, QuestionResult

WHAT, WHY, HINT = "`fit` raised <TypeError>.", "The state is frozen.", "Make a new one."
FAILED = CheckResult("first_check", "fail", 0.0, 0.5, WHAT, WHY, HINT, "C20", "")
OTHER = msgspec.structs.replace(FAILED, id="other_check", what="`fit` returned None.")
WAITS = CheckResult("last_check", "blocked", 0.0, 0.5, "Waits for first_check.", "", "", "", "")
CHECKS = (FAILED, msgspec.structs.replace(FAILED, id="second_check"), OTHER, WAITS)
RESULT = QuestionResult("fit", 0.0, 2.0, CHECKS)


@pytest.mark.parametrize("shown", [text.question, html.question])
def test_what_happened_twice_is_told_once(shown):
    """One that differs in a word is told in full, for that word may be what helps."""
    said = shown(RESULT, "Training").lower().replace("_", " ")
    assert all(check.id.replace("_", " ") in said for check in CHECKS)
    assert said.count("typeerror") == 1
    assert said.count("returned none") == 1


def test_the_text_says_where_it_was_told():
    assert "second_check (0/0.5)  The same as in first_check." in text.question(RESULT, "Training")


def test_learner_text_is_escaped():
    assert "&lt;TypeError&gt;" in html.question(RESULT, "Training")
