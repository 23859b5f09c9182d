"""No attack gets through: no points, no secrets, no change, no survivor, and the next learner is graded as ever."""

import collections

import pytest

from autograders.doctor.attack import FAMILIES, Attack, all_attacks
from tests.attacks.conftest import STRONGEST, behind, startable

CASES = [
    pytest.param(walls, family, marks=behind(walls), id=f"{family}, {walls}")
    for walls in startable()
    for family in FAMILIES
    if family != "forge" or walls == STRONGEST  # the judge is outside whichever walls
]


@pytest.mark.parametrize("walls, family", CASES)
def test_attacks_are_stopped(sides, walls, family):
    """Each is refused, or ended by the limit that must end it, and harms nobody; none is left out."""
    making, attacks = sides.attempts(walls), [a for a in all_attacks() if a.family == family]
    made = list(making.of(attacks))
    expected = {a.name: _expected(a, making.engine.layers) for a in attacks}
    assert [one for one in made if one.status not in expected[one.attack]] == []
    assert [one.attack for one in made] == list(expected)


def _expected(attack: Attack, layers: list[str]) -> tuple[str, ...]:
    stopped = "bounded" if attack.bound else "blocked"
    return (stopped, "open") if attack.needs and attack.needs not in layers else (stopped,)


def test_there_are_enough():
    """At least 60 attacks in six families; each has a name of its own and a sentence."""
    known = all_attacks()
    assert len(known) >= 60
    assert set(collections.Counter(a.family for a in known)) == set(FAMILIES)
    assert len({(a.family, a.name) for a in known}) == len(known)
    assert all(a.says.endswith(".") and "\n" not in a.says for a in known)
