"""What the tests share: one engine for each test process, and the reference answers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograders.course.materials import Solution, solution
from autograders.judge.learners import Engine

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


@pytest.fixture(scope="session")
def stand_ins() -> Callable[[str], Solution]:
    return lambda exercise: solution(ROOT / "solutions", exercise)
