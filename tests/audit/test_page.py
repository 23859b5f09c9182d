"""The pages of checks, as instructors read them."""

import pytest

from autograders import exercises
from autograders.audit import page
from autograders.audit.corpus import load
from tests.conftest import ROOT

FOLDER = ROOT / "tests" / "submissions"


@pytest.mark.parametrize("name", exercises.names())
def test_a_page_shows_every_check_with_an_answer_that_fails_it(name):
    """Each check has its sentence, why it is asked, what it cannot see, and an example."""
    text = page.page(name, load(FOLDER, [name]))
    checks = exercises.load(name).checks
    assert [text.count(f"### {check.id}\n\n{check.says}") for check in checks] == [1] * len(checks)
    assert {text.count(part) for part in ("**Why:** ", "**Blind to:** ", "```python\n")} == {len(checks)}


def test_a_page_names_the_mistakes_that_a_check_catches():
    text = page.page("counter", load(FOLDER, ["counter"]))
    caught = text.partition("### counts_up_when_threaded")[2].partition("### ")[0]
    assert "- C21: dropping what `replace` or `_replace` returned" in caught


def test_an_example_shows_what_differs_from_a_right_answer():
    """Helpers that are wrong belong to it, and functions that are right do not."""
    known = {k.path.stem: k for k in load(FOLDER, ["linen_module"])}
    helper = page._answer(known["bad__init_follows_the_key__fixed_key_in_the_initialiser"], ("Net",))
    assert helper.startswith("def kernel_init(") and "class Net" in helper
    part = page._answer(known["bad__scales_every_leaf__adds_the_factor"], ("count_params", "scale_params"))
    assert part.startswith("def scale_params(") and "count_params" not in part


@pytest.mark.parametrize("name", exercises.names())
def test_pages_are_current(name):
    """The page in the repository is the one that its exercise and its corpus give."""
    corpus = load(FOLDER, [name])
    place = page.path(name, corpus)
    assert place.is_file() and place.read_text(encoding="utf-8") == page.page(name, corpus), (
        f"{place} is stale: run `python -m autograders.audit.page`"
    )
