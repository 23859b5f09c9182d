"""What it takes to get a program from a learner's function, and what does not change it."""

import numpy as np
import pytest

from autograders.checks import LimitHit
from autograders.judge.handle import Submission
from autograders.learner.answering import Answerer
from autograders.learner.messages import Cell

COUNTED = """
import jax.numpy as jnp
{above}
def helper(x):
    return jnp.sin(x) * 2

def f(x):
    calls.append(1)
    return helper(x) + 1
"""
DIES = """
import os
def state(n):
    return n
def dies(x):
    os.abort()
"""


def program(engine, source: str) -> bytes:
    learner = engine.learner([Cell(0, source, False)])
    try:
        learner.start()
        submission = Submission(learner.ask, engine.evaluate)
        return submission.f.program(np.ones(3, np.float32)).traced.program
    finally:
        learner.close()


def test_a_function_is_run_once_for_its_program():
    calls: list[int] = []
    namespace = {"calls": calls}
    exec(COUNTED.format(above=""), namespace)
    Submission(Answerer(namespace, alarms=False).answer, evaluate=None).f.program(np.ones(3, np.float32))
    assert calls == [1]


def test_the_same_function_elsewhere_in_a_file_is_the_same_program(engine):
    here, there = (program(engine, COUNTED.format(above=above)) for above in ("calls = []", "\n\ncalls = []\n# mine"))
    assert here
    assert here == there


def test_what_was_kept_of_a_process_is_forgotten_with_it(engine):
    learner = engine.learner([Cell(0, DIES, False)])
    try:
        learner.start()
        submission = Submission(learner.ask, engine.evaluate)
        first = submission.once("state", lambda: submission.state(1))
        assert submission.once("state", lambda: submission.state(2)) is first
        with pytest.raises(LimitHit):
            submission.dies(1)
        assert submission.once("state", lambda: submission.state(3)).number() == 3
    finally:
        learner.close()
