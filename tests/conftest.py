"""What the tests share: one engine for each test process, and the reference answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograders.course.materials import references
from autograders.judge.grading import References
from autograders.judge.learners import Engine

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    made = Engine(keep="corpus")
    yield made
    made.close()


@pytest.fixture(scope="session")
def stand_ins() -> References:
    return references(ROOT / "solutions")
