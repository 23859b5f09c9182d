"""Whatever a learner's process answers, the judge gives a verdict: it never fails, never waits too long, never pays for nonsense."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from autograders import exercises
from autograders.checks.failure import LimitHit
from autograders.judge import grading, submissions
from autograders.judge.handle import Submission
from autograders.judge.learners import REPLIES, ConfinedLearner, Engine
from autograders.judge.peers import Peer
from autograders.judge.verdicts import Verdict
from autograders.learner import messages
from autograders.learner.messages import Array, Cell, Connection, Described, Opaque, Run, Scalar, Spec
from autograders.sandbox.limits import Limits
from autograders.sandbox.spawning import Child
from tests.conftest import ROOT

RUNS = int(
    os.environ.get("STATELESS_FUZZ_REPLIES", "60")
)  # of each test; one of a conversation has some hundred replies
ANSWERS = {"counter": "named_tuples", "linen_module": "setup_with_a_list", "train_step": "train_state"}
QUESTIONS = ("counter_v2", "running_mean", "count_many", "predict")

dtypes = st.sampled_from(
    ["int32", "float32", "bfloat16", "bool", "key<fry>", "complex64", "object", "S5", "", "<f4", "float8_e4m3fn"]
)
shapes = st.lists(st.sampled_from([0, 1, 2, 3, 7, -1, 2**31, 2**62]), max_size=4).map(tuple)
numbers = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(), st.booleans(), st.text(max_size=5), st.none())
arrays = st.builds(Array, dtypes, shapes, st.binary(max_size=64), st.booleans())
leaves = st.one_of(arrays, st.builds(Scalar, numbers), st.builds(Opaque, st.text(max_size=8)))
kinds = st.sampled_from(["tuple", "list", "int", "ArrayImpl", "NoneType", "dict", "ellipsis", "<b>", ""])


def described_by(ref: int, kind: str, tree: int, callable_: bool, pairs: list) -> Described:
    paths, found = zip(*pairs, strict=True) if pairs else ((), ())
    return Described(ref, kind, tree, callable_, paths, found)


described = st.recursive(
    st.builds(
        described_by,
        st.integers(-1, 9),
        kinds,
        st.integers(-1, 9),
        st.booleans(),
        st.lists(st.tuples(st.text(max_size=5), leaves), max_size=3),
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
    """Hands out a socket whose other end answers as it is told; from then on the judge sees no process of ours."""

    limits = Limits()

    def __init__(self, answer: Callable[[int, bytes], bytes], wrong: int = 0):
        self.answer, self.wrong, self.asked = answer, wrong, 0

    def spawn(self, *about: object) -> Child:
        ours, theirs = socket.socketpair()
        threading.Thread(target=self.serve, args=(theirs,), daemon=True).start()
        return Child(ours, 0, theirs, [])

    def serve(self, stream: socket.socket) -> None:
        connection = Connection(stream)
        with contextlib.suppress(OSError, EOFError), stream:
            while True:
                numbered = connection.receive()
                self.asked += 1
                answer = self.answer(self.asked, numbered.body)
                connection.send(numbered.number + (self.asked == self.wrong), answer)

    def end(self, child: Child) -> dict:
        child.stream.close()
        return {}


def judged(
    confined: ConfinedLearner, evaluate: Callable, exercise: str = "counter", only: str = ""
) -> dict[str, Verdict]:
    """The verdicts on whoever answers there."""
    with contextlib.closing(confined):
        with contextlib.suppress(LimitHit):
            confined.start()
        handle = Submission(confined.ask, evaluate, confined.limits.request_s)
        return grading.run_checks(exercises.load(exercise), handle, only=only)


def test_a_leaf_without_a_path_is_malformed():
    """It once made checks fail that take the two together."""
    leaf = {"type": "scalar", "value": 1}
    said = {"type": "returned", "value": {"ref": 0, "kind": "dict", "paths": [], "leaves": [leaf]}}
    with pytest.raises(msgspec.ValidationError, match="0 paths to 1 leaves"):
        msgspec.msgpack.decode(msgspec.msgpack.encode(said), type=messages.Reply)


def evaluate(request: messages.Evaluate) -> str:
    return "no program of a fuzzed reply is one"


class Heard(dict[bytes, list[bytes]]):
    """Replies in turn, by question, of a process with an answer to an exercise."""

    def __init__(self, exercise: str):
        self.exercise = exercise

    @property
    def cells(self) -> list[Cell]:
        answer = ROOT / "tests" / "submissions" / self.exercise / f"good__{ANSWERS[self.exercise]}.py"
        return list(submissions.read(answer, self.exercise).cells)

    def judged(self, zygote: FakeZygote, engine: Engine) -> dict[str, Verdict]:
        return judged(ConfinedLearner(zygote, self.cells), engine.evaluate, self.exercise)

    def __repr__(self) -> str:
        return f"replies to {len(self)} questions of {self.exercise}"


examples = settings(
    max_examples=RUNS,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


@pytest.mark.parametrize("question", QUESTIONS)
@examples
@given(answers=st.lists(bodies, min_size=3, max_size=20), wrong=st.integers(0, 30))
def test_replies_of_any_kind(question, answers, wrong):
    """Each check ends as failed, blocked or stopped; none is internal, and none passes."""
    zygote = FakeZygote(lambda place, _: answers[place % len(answers)], wrong)
    verdicts = judged(ConfinedLearner(zygote, []), evaluate, only=question)
    other = {check: v for check, v in verdicts.items() if v.status not in ("fail", "blocked", "limit")}
    assert not other, other


@pytest.fixture(scope="module", params=ANSWERS)
def heard(request, engine) -> Heard:
    """What the process of a right answer replied."""
    replies, ask = Heard(request.param), Peer.ask

    def listening(peer, request, *others):
        reply = ask(peer, request, *others)
        if type(request) in (Run, *REPLIES):
            replies.setdefault(msgspec.msgpack.encode(request), []).append(msgspec.msgpack.encode(reply))
        return reply

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Peer, "ask", listening)
        verdicts = judged(engine.learner(replies.cells), engine.evaluate, request.param)
    assert {v.status for v in verdicts.values()} == {"pass"}
    return replies


def again(heard: Heard) -> Callable[[bytes], bytes]:
    """Says what was replied to a question, in the same order; to one that nobody asked before, anything."""
    left = {question: list(replies) for question, replies in heard.items()}
    anything = [reply for replies in heard.values() for reply in replies]

    def answer(body: bytes) -> bytes:
        replies = left.get(body) or anything
        return replies.pop(0) if len(replies) > 1 else replies[0]

    return answer


spoilings = st.one_of(
    st.tuples(st.just("another"), st.integers(0, 10**6), st.just(b"")),
    st.tuples(st.just("cut"), st.integers(0, 10**6), st.just(b"")),
    st.tuples(st.just("written over"), st.integers(0, 10**6), st.binary(min_size=1, max_size=4)),
    st.tuples(st.just("made up"), st.just(0), bodies),
)


def spoilt(right: bytes, kind: str, place: int, with_: bytes, others: list[bytes]) -> bytes:
    """A reply that is not what the process said."""
    if kind == "another":
        return others[place % len(others)]
    if kind == "made up":
        return with_
    start = place % max(len(right), 1)
    return right[:start] if kind == "cut" else right[:start] + with_ + right[start + len(with_) :]


def test_a_conversation_that_is_repeated(heard, engine):
    """Where no reply is spoilt, the repeated ones are a right answer's."""
    answer = again(heard)
    zygote = FakeZygote(lambda place, body: answer(body))
    assert {v.status for v in heard.judged(zygote, engine).values()} == {"pass"}
    assert zygote.asked > 70


@examples
@given(at=st.dictionaries(st.integers(1, 200), spoilings, min_size=1, max_size=4))
def test_a_conversation_that_is_spoilt(heard, engine, at):
    """All goes as with a right answer but for some replies: whatever they are, no check is internal, and none is left out."""
    right, known = again(heard), [reply for replies in heard.values() for reply in replies]

    def answer(place: int, body: bytes) -> bytes:
        return spoilt(right(body), *at[place], known) if place in at else right(body)

    verdicts = heard.judged(FakeZygote(answer), engine)
    assert set(verdicts) == {check.id for check in exercises.load(heard.exercise).checks}
    other = {check: v for check, v in verdicts.items() if v.status not in ("pass", "fail", "blocked", "limit")}
    assert not other, other
