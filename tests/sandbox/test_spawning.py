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
from autograders.judge import grading, submissions
from autograders.judge.learners import ConfinedLearner, Engine
from autograders.judge.peers import Evaluator, Peer
from autograders.learner.messages import Cell, Evaluate, Usage, Used
from autograders.sandbox import compiled, spawning
from autograders.sandbox.limits import Limits
from autograders.sandbox.spawning import Child, NoProcess, Trunk, Zygote
from autograders.sandbox.zygote import FEW
from tests.conftest import ROOT


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


# what cannot be had leaves nothing behind


def sockets() -> set[str]:
    """Those of this process."""
    links = {os.readlink(number) for number in Path("/proc/self/fd").iterdir() if number.is_symlink()}
    return {link for link in links if link.startswith("socket:")}


def left(zygote: Zygote) -> tuple[set[str], list[psutil.Process]]:
    """The sockets of this process, and what the zygote forked."""
    return sockets(), below(zygote)[1]


def test_a_zygote_that_ends_with_the_order_leaves_no_socket(zygote, monkeypatch):
    """It may be dying when it is asked, and look alive."""
    zygote.end(killed_with(zygote))
    monkeypatch.setattr(zygote, "_gone", lambda: False)
    before = sockets()
    with pytest.raises(NoProcess) as held:  # with the frames, and all that is theirs
        zygote.spawn("learner")
    assert not sockets() - before, held


def test_a_child_that_ends_before_it_is_confined_leaves_nothing(zygote, monkeypatch):
    zygote.end(zygote.spawn("learner"))
    before = left(zygote)
    monkeypatch.setattr(spawning, "_line", lambda stream: (_ for _ in ()).throw(NoProcess("it ended")))
    with pytest.raises(NoProcess, match="it ended") as held:
        zygote.spawn("learner")
    assert left(zygote) == before, held


@pytest.mark.parametrize("fault", [NoProcess, KeyboardInterrupt])
def test_grading_that_is_broken_off_leaves_no_learner(engine, monkeypatch, fault):
    zygote, handed = engine.zygote, submissions.read(ROOT / "solutions" / "counter" / "counter.ipynb")
    engine.evaluate(Evaluate(b"", ()))  # its process stays
    before = left(zygote)

    def run(learner, cell):
        assert left(zygote) != before
        raise fault("in the middle")

    monkeypatch.setattr(ConfinedLearner, "_run", run)
    with pytest.raises(fault, match="in the middle") as held:
        grading.grade("ada", handed, engine)
    assert left(zygote) == before, held


def test_a_learner_who_cannot_compile_for_a_fault_of_ours_is_ended(engine, monkeypatch):
    zygote = engine.zygote
    engine.evaluate(Evaluate(b"", ()))
    before = left(zygote)
    monkeypatch.setattr(Evaluator, "_ask", lambda *_: (_ for _ in ()).throw(NoProcess("nobody compiles")))
    learner = engine.learner([Cell(0, "import jax\nshare = jax.jit(lambda x: x * 0.71281)(2.0)")])
    with pytest.raises(NoProcess, match="nobody compiles") as held:
        learner.start()
    assert left(zygote) == before, held


# judges that share a trunk


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
