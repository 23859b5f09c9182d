"""What our own code cannot do with a version of JAX is never told as a learner's mistake."""

import jax
import jax.numpy as jnp
import pytest

from autograders.checks import Failure, GraderError
from autograders.judge.handle import Submission
from autograders.learner.answering import Answerer


def handle(**functions) -> Submission:
    return Submission(Answerer(functions, alarms=False).answer, evaluate=None)


def test_a_name_that_we_miss_in_jax_is_a_fault_of_the_grader(monkeypatch):
    monkeypatch.delattr(jax, "block_until_ready")
    with pytest.raises(GraderError, match="block_until_ready"):
        handle(f=lambda x: x).f(1)


def test_a_name_that_the_learner_misses_in_jax_is_theirs():
    with pytest.raises(Failure, match="no_such_function"):
        handle(f=lambda x: jnp.no_such_function(x)).f(1)
