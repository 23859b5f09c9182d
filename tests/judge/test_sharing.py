"""What one submission compiles need not be compiled again for the next, and nobody can put another program in its place."""

import msgspec
import pytest

from autograders.checks.failure import LimitHit
from autograders.judge.learners import Engine
from autograders.judge.peers import Compiler
from autograders.learner.messages import Call, Cell, Compile, Compiled, Returned, Target
from autograders.sandbox.limits import Limits

SHAPES = "import jax.numpy as jnp\n\ndef total(n=131):\n    return float(jnp.ones((n, 3)).sum() * 1.5)\n"


class Counting(Compiler):
    """Counts what is asked for, and what had to be compiled."""

    def __init__(self, evaluate):
        super().__init__(evaluate)
        self.asked, self.made = 0, 0

    def __call__(self, body, seconds):
        before, self.asked = len(self.kept), self.asked + 1
        reply = super().__call__(body, seconds)
        self.made += len(self.kept) - before
        return reply


@pytest.fixture
def sharing(engine, monkeypatch):
    monkeypatch.setattr(engine, "compiler", Counting(engine.evaluate))
    return engine


def value_of(engine: Engine, source: str, name: str = "total") -> float:
    learner = engine.learner([Cell(0, source)])
    try:
        learner.start()
        reply = learner.ask(Call(Target(name)))
        assert isinstance(reply, Returned), reply
        return reply.value.leaves[0].value
    finally:
        learner.close()


def test_a_program_is_compiled_once_for_all(sharing):
    assert value_of(sharing, SHAPES) == 131 * 4.5
    made, asked = sharing.compiler.made, sharing.compiler.asked
    assert made > 0
    assert value_of(sharing, "# another learner\n\n" + SHAPES) == 131 * 4.5
    assert (sharing.compiler.made, sharing.compiler.asked) == (made, 2 * asked)


def test_another_program_is_another(sharing):
    assert value_of(sharing, SHAPES) == 131 * 4.5
    assert value_of(sharing, SHAPES.replace("1.5", "2.5")) == 131 * 7.5


def test_callbacks_stay_in_their_process(sharing):
    """A program that calls Python holds an address there."""
    source = (
        "import jax\nimport jax.numpy as jnp\nseen = []\n\n@jax.jit\ndef shout(x):\n"
        "    return jax.pure_callback(lambda x: x * {}, jax.ShapeDtypeStruct((3,), 'float32'), x)\n\n"
        "def total():\n    return float(shout(jnp.ones(3)).sum())\n"
    )
    assert value_of(sharing, source.format(2)) == 6
    assert value_of(sharing, source.format(5)) == 15


def test_what_cannot_be_compiled_says_so(engine):
    for module, options in ((b"", b""), (b"ML\xefR nonsense", b"x"), (b"module {}", b"")):
        reply = Compiler(engine.evaluate)(msgspec.msgpack.encode(Compile(module, options)), 20.0)
        assert msgspec.msgpack.decode(reply, type=Compiled).executable == b""


def test_an_evaluator_that_dies_of_a_program_costs_only_time(sharing, monkeypatch):
    """The submission's process compiles for itself."""
    asked = sharing.evaluate.compile

    def dying(request, seconds):
        assert asked(request, seconds)
        sharing.evaluate.close()
        return b""

    monkeypatch.setattr(sharing.evaluate, "compile", dying)
    assert value_of(sharing, SHAPES) == 131 * 4.5


def test_little_is_kept_of_much(engine, monkeypatch):
    """What was asked for last stays, up to a size."""
    monkeypatch.setattr("autograders.judge.peers.KEPT", 10)
    compiler = Compiler(engine.evaluate)
    monkeypatch.setattr(engine.evaluate, "compile", lambda request, seconds: request.module)
    for module in (b"first", b"other", b"first", b"third"):
        compiler(msgspec.msgpack.encode(Compile(module, b"")), 1.0)
    assert list(compiler.kept.values()) == [b"first", b"third"] and compiler.size == 10


ENDLESS = "import jax.numpy as jnp\nn = 200\nwhile True:\n    n += 1\n    jnp.ones(n) * 2\n"


def test_a_time_limit_between_two_halves_of_a_conversation_breaks_nothing(engine):
    """Cells that compile without end are stopped at their limit, and the next ones are answered."""
    made = Engine(Limits(cell_s=0.3))
    try:
        learner = made.learner([Cell(i, ENDLESS) for i in range(12)] + [Cell(12, SHAPES)])
        learner.start()
        assert [learner.ran[i].error for i in range(13)] == ["time"] * 12 + [""]
        assert not learner.crashed
        learner.close()
    finally:
        made.close()


def test_threads_of_a_submission_compile_for_themselves(sharing):
    source = (
        SHAPES + "import threading\nfound = []\nthreads = [threading.Thread(target=lambda n=n: found.append(total(n))) "
        "for n in range(140, 146)]\nfor t in threads:\n    t.start()\nfor n in range(150, 156):\n    found.append(total(n))\n"
        "for t in threads:\n    t.join()\nsums = sum(found)\n\ndef answer():\n    return sums\n"
    )
    assert value_of(sharing, source, "answer") == 4.5 * (sum(range(140, 146)) + sum(range(150, 156)))


def test_questions_without_end_are_no_answer(engine):
    """A process that only asks, and never answers, is ended at its limit."""
    source = (
        "import gc\nfrom autograders.learner.sharing import Sharing\n"
        "shared = next(o for o in gc.get_objects() if isinstance(o, Sharing))\n"
        "def ask():\n    while True:\n        shared.connection.send(0, b'\\x83\\xa4type\\xa7compile\\xa6module\\xc4\\x00"
        "\\xa7options\\xc4\\x00')\n        shared.connection.receive()\n"
    )
    made = Engine(Limits(request_s=1.0, grace_s=0.5))
    try:
        learner = made.learner([Cell(0, source)])
        learner.start()
        with pytest.raises(LimitHit, match="more than 1.5 s"):
            learner.ask(Call(Target("ask"), seconds=60.0))
        learner.close()
    finally:
        made.close()
