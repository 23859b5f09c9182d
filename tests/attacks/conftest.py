"""Engines behind the sets of walls that this machine can put up, and canaries for each."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograders.doctor.arena import Arena
from autograders.doctor.trying import LIMITS
from autograders.judge.learners import Engine
from autograders.sandbox import starting

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


@pytest.fixture(scope="session")
def arena() -> Iterator[Callable[[tuple[str, ...]], Arena]]:
    """Canaries around an engine behind these walls; made anew once something has happened to them."""
    engines: dict[tuple[str, ...], Engine] = {}
    arenas: dict[tuple[str, ...], Arena] = {}

    def behind(walls: tuple[str, ...]) -> Arena:
        if walls not in engines:
            engines[walls] = Engine(LIMITS, walls)
        if walls in arenas and arenas[walls].spoilt:
            arenas.pop(walls).close()
        if walls not in arenas:
            arenas[walls] = Arena(engines[walls])
        return arenas[walls]

    yield behind
    for one in arenas.values():
        one.close()
    for engine in engines.values():
        engine.close()
