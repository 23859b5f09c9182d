"""The judge's end of the zygote: whose number is whose after a zygote was killed, and zygotes that share a trunk."""

import contextlib
import dataclasses
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from autograders.course import crew
from autograders.judge.learners import Engine
from autograders.judge.peers import Peer
from autograders.learner.messages import Usage, Used
from autograders.sandbox import compiled
from autograders.sandbox.limits import Limits
from autograders.sandbox.spawning import Child, Trunk, Zygote
from autograders.sandbox.zygote import FEW


@pytest.fixture(scope="module")
def zygote():
    with contextlib.closing(Engine()) as made:
        yield made.zygote


def killed_with(zygote: Zygote) -> Child:
    """A child whose zygote has been killed since."""
    child = zygote.spawn("learner")
    os.kill(zygote.process.pid, signal.SIGKILL)
    zygote.process.wait()
    return child


def test_a_child_of_an_earlier_zygote_ends_nobody_else(zygote):
    """Numbers begin anew where processes have a namespace of their own."""
    earlier = killed_with(zygote)
    later = Peer(zygote, "learner")
    assert zygote.end(dataclasses.replace(earlier, number=later.child.number)) == {"error": "the zygote ended"}
    assert later.ask(Usage(), Used, 60).peak_mib > 0
    later.close()


def test_the_end_of_a_child_starts_no_zygote(zygote):
    """All of the children of a killed zygote have ended."""
    earlier = killed_with(zygote)
    assert zygote.end(earlier) == {"error": "the zygote ended"}
    assert zygote.process.poll() is not None


@pytest.fixture
def trunk():
    """A zygote that prepares nothing, for nobody is expected."""
    with contextlib.closing(Zygote(Limits(), branches=2)) as made:
        yield made


def works(zygote: Zygote) -> bool:
    peer = Peer(zygote, "learner")
    try:
        return peer.ask(Usage(), Used, 60).peak_mib > 0
    finally:
        peer.close()


def below(trunk: Zygote) -> tuple[psutil.Process, list[psutil.Process], list[psutil.Process]]:
    """The trunk's own process, those that it forked, and what these forked."""
    stem = next(p for p in psutil.Process(trunk.process.pid).children(recursive=True) if p.name() != "bwrap")
    branches = stem.children()
    return stem, branches, [learner for branch in branches for learner in branch.children()]


def ended(processes: list[psutil.Process]) -> bool:
    """Whether they end within a minute; who is not waited for is a zombie."""
    deadline, left = time.monotonic() + 60, processes
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [process for process in left if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    return not left


def test_judges_share_a_trunk(trunk):
    """Each has a zygote of its own, forked and not started, behind the walls that stand around the trunk."""
    shared = trunk.as_trunk()
    with (
        contextlib.closing(Zygote(Limits(), trunk=shared)) as one,
        contextlib.closing(Zygote(Limits(), trunk=shared)) as other,
        contextlib.closing(Engine()) as alone,
    ):
        assert works(one) and works(other)
        assert one.process is None and other.process is None
        children = one.spawn("learner"), other.spawn("learner")
        assert [child.layers for child in children] == [alone.layers] * 2
        _, branches, learners = below(trunk)
        assert [learner.parent() for learner in learners] == branches and len(branches) == 2
        for child in children:
            child.stream.close()
        other.close()
        assert works(one)
    assert ended(branches)


def test_a_judge_that_is_gone_leaves_nobody_behind(trunk):
    """The zygote that the trunk forked for it ends, with its learners and their folders."""
    zygote = Zygote(Limits(), trunk=trunk.as_trunk())
    child = zygote.spawn("learner")
    stem, branches, learners = below(trunk)
    scratch = Path(f"/proc/{stem.pid}/root/tmp") if "namespaces" in trunk.layers else trunk.scratch
    assert len(learners) == len(list(scratch.glob("*/learner-*"))) == 1
    child.stream.close()
    zygote.control.close()
    assert ended(branches + learners)
    assert not list(scratch.glob("branch-*"))


def test_without_its_trunk_a_judge_starts_a_zygote_itself(trunk):
    zygote = Zygote(Limits(), trunk=trunk.as_trunk())
    with contextlib.closing(zygote):
        assert works(zygote) and zygote.process is None
        stem, branches, _ = below(trunk)
        trunk.process.kill()
        assert ended([stem, *branches])
        assert works(zygote) and zygote.process.poll() is None


@pytest.mark.parametrize("expected", [0, FEW + 1])
def test_a_trunk_prepares_for_many_before_it_is_asked(trunk, engine, expected):
    """Branches find a backend, whose threads start in their learners only."""
    trunk.expected = expected
    assert compiled.proven(engine.library)
    with contextlib.closing(Zygote(Limits(), trunk=trunk.as_trunk())) as zygote:
        assert works(zygote)
        stem, branches, _ = below(trunk)
        assert (stem.num_threads() > 1) == bool(expected)
        assert [branch.num_threads() for branch in branches] == [1]


def test_a_trunk_with_other_walls_is_not_shared(monkeypatch):
    other = Trunk(None, ("landlock",), ())
    monkeypatch.setattr(crew, "shared", [other])
    crew.own_engine.cache_clear()
    try:
        assert crew.own_engine(("landlock",)).zygote.trunk is other
        assert crew.own_engine().zygote.trunk is None
    finally:
        crew.own_engine.cache_clear()
