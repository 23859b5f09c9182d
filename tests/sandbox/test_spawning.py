"""The judge's end of the zygote: whose number is whose after a zygote was killed."""

import contextlib
import dataclasses
import os
import signal

import pytest

from autograders.judge.learners import Engine
from autograders.judge.peers import Peer
from autograders.learner.messages import Usage, Used
from autograders.sandbox.spawning import Child, Zygote


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
