"""The demo's class hands in answers that are there."""

import pytest

from autograders import exercises
from autograders.course.classroom import CLASS
from tests.conftest import ROOT

HANDED_IN = [
    (learner, name, file)
    for learner, files in CLASS.items()
    for name, file in zip(exercises.names(), files, strict=True)
    if file not in ("", "released")
]


@pytest.mark.parametrize("learner, name, file", HANDED_IN)
def test_what_a_learner_of_the_demo_hands_in_is_an_answer_of_the_corpus(learner, name, file):
    assert (ROOT / "tests" / "submissions" / name / f"{file}.py").is_file()
