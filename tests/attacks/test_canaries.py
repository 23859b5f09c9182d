"""The canaries sing: each attack that can, does succeed where its wall is taken away. Else its failing would prove nothing."""

import os
import time

import pytest

from autograders.doctor.attack import all_attacks
from autograders.doctor.trying import LIMITS, attempt
from autograders.judge.learners import Engine, Peer
from autograders.learner.messages import Cell
from autograders.sandbox import starting
from tests.attacks import bare
from tests.attacks.conftest import startable

pytestmark = pytest.mark.skipif(not startable(), reason="the attacks are made for Linux")
WHOSE = ("user", "root") if os.geteuid() == 0 else ("user",)
CAN = [a for a in all_attacks() if a.bare in WHOSE]
ONE = {f"{a.family}-{a.name}": a for a in all_attacks()}


@pytest.mark.parametrize("attack", CAN, ids=lambda a: f"{a.family}-{a.name}")
def test_an_attack_succeeds_where_nothing_confines_it(arena, attack):
    """In a plain process it gains something, or changes a canary."""
    assert bare.harm(attack, arena(starting.NEEDED)) != []


WITHOUT = {
    "landlock": ["read-solution", "read-gradebook", "write-overwrites", "write-installed_package"],
    "seccomp": ["outlive-forks_twice", "reach-odd_families", "reach-io_uring", "write-permissions"],
}


@pytest.mark.parametrize("wall, name", [(wall, name) for wall, names in WITHOUT.items() for name in names])
def test_an_attack_succeeds_where_its_wall_is_missing(arena, wall, name):
    """Each of the two walls that a class needs is what stops these."""
    there = arena(tuple(w for w in starting.NEEDED if w != wall))
    assert attempt(ONE[name], there.engine, there, then=False).status == "SUCCEEDED"


def test_a_secret_in_the_environment_would_be_seen(arena, monkeypatch):
    """If the zygote were given our environment, the attack that looks there would find the secret."""
    monkeypatch.setattr(starting, "PASSED_ON", (*starting.PASSED_ON, "STATELESS_CANARY"))
    for name in ("read-own_environment", "read-memory_of_the_zygote"):
        there = arena((*starting.NEEDED, "with our environment"))
        there.engine.zygote.close()
        Peer(there.engine.zygote, "learner").close()  # started again, now that the canary is in our environment
        assert attempt(ONE[name], there.engine, there, then=False).status == "SUCCEEDED"


def test_processor_time_is_bounded():
    """Where there is time enough, RLIMIT_CPU ends what computes without end."""
    engine = Engine(starting.Limits(cpu_s=1, cell_s=30.0), starting.NEEDED)
    learner = engine.learner([Cell(0, "while True: pass")])
    learner.start()
    learner.close()
    engine.close()
    assert "more than 1 s of processor time" in learner.ran[0].error


def test_a_learner_dies_with_the_judge():
    """When the zygote is gone, what it forked goes too."""
    engine = Engine(LIMITS, starting.NEEDED)
    peer = Peer(engine.zygote, "learner")
    engine.zygote.process.kill()
    began = time.monotonic()
    peer.child.stream.settimeout(10)
    assert peer.child.stream.recv(1) == b""
    assert time.monotonic() - began < 5
    peer.child.stream.close()
    engine.close()
