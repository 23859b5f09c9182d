"""Whatever a learner's process answers, the judge gives a verdict: it never fails, never waits too long, never pays for nonsense."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from autograders import exercises
from autograders.checks.failure import LimitHit
from autograders.judge import grading
from autograders.judge.handle import Submission
from autograders.judge.learners import ConfinedLearner
from autograders.learner import messages
from autograders.learner.messages import Array, Connection, Described, Opaque, Scalar, Spec
from autograders.sandbox.limits import Limits
from autograders.sandbox.spawning import Child

RUNS = int(os.environ.get("STATELESS_FUZZ_REPLIES", "60"))  # each has some twenty replies
QUESTIONS = ("counter_v2", "running_mean", "count_many", "predict")

dtypes = st.sampled_from(
    ["int32", "float32", "bfloat16", "bool", "key<fry>", "complex64", "object", "S5", "", "<f4", "float8_e4m3fn"]
)
shapes = st.lists(st.sampled_from([0, 1, 2, 3, 7, -1, 2**31, 2**62]), max_size=4).map(tuple)
numbers = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(), st.booleans(), st.text(max_size=5), st.none())
arrays = st.builds(Array, dtypes, shapes, st.binary(max_size=64), st.booleans())
leaves = st.one_of(arrays, st.builds(Scalar, numbers), st.builds(Opaque, st.text(max_size=8)))
kinds = st.sampled_from(["tuple", "list", "int", "ArrayImpl", "NoneType", "dict", "ellipsis", "<b>", ""])
described = st.recursive(
    st.builds(
        Described,
        st.integers(-1, 9),
        kinds,
        st.integers(-1, 9),
        st.booleans(),
        st.lists(st.text(max_size=5), max_size=3).map(tuple),
        st.lists(leaves, max_size=3).map(tuple),
    ),
    lambda inner: st.builds(
        Described, st.integers(-1, 9), kinds, st.integers(-1, 9), items=st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=6,
)
words = st.lists(st.text(max_size=12), max_size=3).map(tuple)
replies = st.one_of(
    st.builds(
        messages.Returned,
        described,
        st.text(max_size=9),
        words,
        words,
        st.integers(-9, 10**9),
        st.lists(described, max_size=2).map(tuple),
    ),
    st.builds(messages.Raised, words, st.text(max_size=40), st.text(max_size=40), st.text(max_size=9), st.booleans()),
    st.builds(
        messages.Traced,
        st.binary(max_size=99),
        st.lists(st.builds(Spec, dtypes, shapes), max_size=3).map(tuple),
        described,
        words,
        st.integers(-9, 10**9),
        st.integers(-9, 10**9),
    ),
    st.builds(messages.Missing, st.text(max_size=9)),
    st.builds(messages.Ran, words, st.text(max_size=9)),
    st.builds(messages.Used, st.floats(), st.floats()),
    st.builds(messages.Done),
)
bodies = st.one_of(replies.map(msgspec.msgpack.encode), st.binary(max_size=99))


class FakeZygote:
    """Hands out a socket whose other end answers with prepared bodies, in turn; some under a wrong number."""

    limits = Limits(cell_s=1.0, request_s=1.0, grace_s=1.0, submission_s=20.0)

    def __init__(self, answers: list[bytes], wrong: int):
        self.answers, self.wrong, self.asked = answers, wrong, 0

    def spawn(self, role: str, library: object = None) -> Child:
        ours, theirs = socket.socketpair()
        threading.Thread(target=self.serve, args=(theirs,), daemon=True).start()
        return Child(ours, 0, [])

    def serve(self, stream: socket.socket) -> None:
        connection = Connection(stream)
        with contextlib.suppress(OSError, EOFError), stream:
            while True:
                number = connection.receive().number
                self.asked += 1
                connection.send(number + (self.asked == self.wrong), self.answers[self.asked % len(self.answers)])

    def end(self, child: Child) -> dict:
        child.stream.close()
        return {}


@contextlib.contextmanager
def learner(answers: list[bytes], wrong: int) -> Iterator[ConfinedLearner]:
    made = ConfinedLearner(FakeZygote(answers, wrong), [])
    yield made
    made.close()


def evaluate(request: messages.Evaluate) -> str:
    return "no program of a fuzzed reply is one"


@pytest.mark.parametrize("question", QUESTIONS)
@settings(
    max_examples=RUNS,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(answers=st.lists(bodies, min_size=3, max_size=20), wrong=st.integers(0, 30))
def test_no_reply_makes_the_judge_fail(question, answers, wrong):
    """Each check ends as failed, blocked or stopped; none is internal, and none passes."""
    with learner(answers, wrong) as confined:
        with contextlib.suppress(LimitHit):
            confined.start()
        handle = Submission(confined.ask, evaluate, 1.0)
        verdicts = grading.run_checks(exercises.load("counter"), handle, only=question)
    wrong = {check: v for check, v in verdicts.items() if v.status not in ("fail", "blocked", "limit")}
    assert not wrong, wrong
