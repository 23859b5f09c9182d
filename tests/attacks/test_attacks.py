"""No attack gets through: no points, no secrets, no change, no survivor, and the next learner is graded as ever."""

import collections

import pytest

from autograders.doctor.attack import FAMILIES, all_attacks
from autograders.doctor.trying import attempt, honest
from tests.attacks.conftest import startable

STRONGEST, *WEAKER = startable().items() or [None]
CASES = [(STRONGEST, a) for a in all_attacks() if STRONGEST] + [
    (walls, a)
    for walls in WEAKER
    for a in all_attacks()
    if a.family != "forge"  # the judge is outside whichever walls
]


def case(walls: tuple, attack: object) -> object:
    """One attack behind one set of walls; a family stays on one worker, whose engine is warm."""
    group = pytest.mark.xdist_group(f"{attack.family} behind {walls[0]}")
    return pytest.param(walls[1], attack, marks=group, id=f"{walls[0]}-{attack.family}-{attack.name}")


@pytest.mark.parametrize("walls, attack", [case(*one) for one in CASES])
def test_an_attack_is_stopped(arena, walls, attack):
    """It is refused, or ended by the limit that must end it, and harms nobody."""
    there = arena(walls)
    outcome = attempt(attack, there.engine, there, then=walls == STRONGEST[1])
    missing = bool(attack.needs) and attack.needs not in there.engine.layers
    expected = "open" if missing else "bounded" if attack.bound else "blocked"
    assert outcome.status == expected, outcome


@pytest.mark.parametrize(
    "walls, family",
    [
        pytest.param(w, f, id=f"{name}-{f}", marks=pytest.mark.xdist_group(f"{f} behind {name}"))
        for name, w in WEAKER
        for f in FAMILIES
        if f != "forge"
    ],
)
def test_an_honest_submission_is_graded_after_all_that(arena, walls, family):
    """Behind the strongest walls this is asked after every single attack, behind the others after a family."""
    assert honest(arena(walls).engine) == []


def test_there_are_enough():
    """At least 60 attacks in six families; each has a name of its own and a sentence."""
    known = all_attacks()
    assert len(known) >= 60
    assert set(collections.Counter(a.family for a in known)) == set(FAMILIES)
    assert len({(a.family, a.name) for a in known}) == len(known)
    assert all(a.says.endswith(".") and "\n" not in a.says for a in known)
