"""Engines behind the sets of walls that this machine can put up, and attacks on each; a set stays on one worker."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograders.doctor.trying import LIMITS, Attempts
from autograders.judge.learners import Engine
from autograders.sandbox import starting
from tests.attacks.bare import Bare

WALLS = {"every wall": starting.WALLS, "no namespaces": ("uid", *starting.NEEDED), "its own walls": starting.NEEDED}


def startable() -> dict[str, tuple[str, ...]]:
    """The sets of walls that differ here, strongest first."""
    if not sys.platform.startswith("linux"):
        return {}
    found = {}
    for name, walls in WALLS.items():
        outer = starting.start(LIMITS, Path("/tmp"), 0, walls).layers
        found.setdefault(outer, (name, walls))
    return dict(found.values())


STRONGEST, WEAKEST = (list(startable()) or [""])[0], (list(startable()) or [""])[-1]


def behind(walls: str) -> pytest.MarkDecorator:
    """What is asked of one engine is asked by one worker."""
    return pytest.mark.xdist_group(f"attacks behind {walls}")


class Sides:
    """For each set of walls an engine with canaries around it, started when first asked for."""

    def __init__(self):
        self.making: dict[str, Attempts] = {}

    def attempts(self, walls: str) -> Attempts:
        """Attacks on an engine behind these walls."""
        if walls not in self.making:
            self.making[walls] = Attempts(Engine(LIMITS, startable()[walls]))
        return self.making[walls]

    def close(self) -> None:
        for one in self.making.values():
            one.close()
            one.engine.close()


@pytest.fixture(scope="session")
def sides() -> Iterator[Sides]:
    made = Sides()
    yield made
    made.close()


@pytest.fixture
def weakest(sides) -> Attempts:
    """An engine behind the weakest walls that a class is graded behind."""
    return sides.attempts(WEAKEST)


@pytest.fixture
def without(weakest, monkeypatch) -> Callable[[str], Attempts]:
    """The same with a wall less for the processes that are started from now on."""

    def less(wall: str) -> Attempts:
        engine = weakest.engine
        layers = [w for w in engine.layers if w != wall]  # asked of it while the wall stands
        monkeypatch.setattr(engine.zygote, "walls", tuple(w for w in engine.zygote.walls if w != wall))
        monkeypatch.setitem(engine.__dict__, "layers", layers)
        return weakest

    return less


@pytest.fixture(scope="session")
def bare() -> Iterator[Bare]:
    made = Bare()
    yield made
    made.close()
