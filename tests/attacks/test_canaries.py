"""The canaries sing: each attack that can, does succeed where its wall is taken away. Else its failing would prove nothing."""

import dataclasses
import os
import re

import pytest

from autograders.doctor import trying
from autograders.doctor.attack import all_attacks
from autograders.judge.learners import Engine
from autograders.judge.peers import Peer
from autograders.learner.messages import Cell
from autograders.sandbox import starting
from tests.attacks.conftest import WEAKEST, behind, startable

pytestmark = [pytest.mark.skipif(not startable(), reason="the attacks are made for Linux"), behind(WEAKEST)]
WHOSE = ("user", "root") if os.geteuid() == 0 else ("user",)
CAN = [a for a in all_attacks() if a.bare in WHOSE]
SYSTEM = re.compile(r"PermissionError|OSError: \[Errno (38|95)\]")  # by settings such as Yama's, or another owner
EVERYWHERE = "solution seed gradebook folder overwrites deletes permissions tcp udp unix_socket kills forks forks_twice starts_a_program"
ONE = {f"{a.family}-{a.name}": a for a in all_attacks()}


@pytest.mark.parametrize("attack", CAN, ids=lambda a: f"{a.family}-{a.name}")
def test_an_attack_succeeds_where_nothing_confines_it(bare, weakest, attack):
    """In a plain process it gains something, or changes a canary."""
    harm, refused = bare.harm(attack, weakest.arena)
    if not harm and attack.name not in EVERYWHERE.split() and SYSTEM.match(refused):
        pytest.skip(f"this system refuses it to everybody: {refused}")
    assert harm != [], refused


WITHOUT = {
    "landlock": ["read-solution", "read-gradebook", "write-overwrites", "write-new_file"],
    "seccomp": ["outlive-forks_twice", "reach-odd_families", "reach-udp", "write-permissions"],
}


@pytest.mark.parametrize("wall, name", [(wall, name) for wall, names in WITHOUT.items() for name in names])
def test_an_attack_succeeds_where_its_wall_is_missing(without, wall, name):
    """Each of the two walls that a class needs is what stops these."""
    assert without(wall).attempt(ONE[name], then=False).status == "SUCCEEDED"


def test_what_shared_a_submission_is_made_again_one_by_one(without):
    """Where a canary was harmed, and several attacks may have done it, each is told what it did."""
    attacks = [ONE["write-permissions"], ONE["write-times"], ONE["write-checks"]]
    statuses = [one.status for one in without("seccomp").of(attacks)]
    assert statuses == ["SUCCEEDED", "SUCCEEDED", "blocked"]


def test_a_secret_in_the_environment_would_be_seen(weakest, monkeypatch):
    """If the zygote were given our environment, the attack that looks there would find the secret."""
    monkeypatch.setattr(starting, "PASSED_ON", (*starting.PASSED_ON, "STATELESS_CANARY"))
    assert weakest.arena  # the canary is in our environment
    _start_again(weakest.engine)
    outcomes = [
        weakest.attempt(ONE[f"read-{name}"], then=False) for name in ("own_environment", "memory_of_the_zygote")
    ]
    monkeypatch.undo()
    _start_again(weakest.engine)
    assert [one.status for one in outcomes] == ["SUCCEEDED", "SUCCEEDED"]


def test_files_that_the_judge_is_left_with_are_counted(weakest):
    """One that is open afterwards and was not before is a harm; one that was closed is none."""
    arena = weakest.arena
    arena.watch()
    with open(os.devnull):
        assert "1 more open files of the judge" in arena.harm()
        arena.watch()
    assert arena.harm() == []
    arena.spoilt = False


def test_processor_time_is_bounded(weakest, monkeypatch):
    """Where there is time enough, RLIMIT_CPU ends what computes without end."""
    monkeypatch.setattr(weakest.engine.zygote, "limits", dataclasses.replace(trying.LIMITS, cpu_s=1))
    learner = weakest.engine.learner([Cell(0, "while True: pass")])
    learner.start()
    learner.close()
    assert "more than 1 s of processor time" in learner.ran[0].error


def test_a_learner_dies_with_the_judge(weakest):
    """When the zygote is gone, what it forked goes too."""
    peer = Peer(weakest.engine.zygote, "learner")
    weakest.engine.evaluate.close()
    weakest.engine.zygote.process.kill()
    assert peer.child.stream.recv(1) == b""
    peer.child.stream.close()
    _start_again(weakest.engine)


def _start_again(engine: Engine) -> None:
    engine.close()
    Peer(engine.zygote, "learner").close()
