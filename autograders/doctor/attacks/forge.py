"""Attacks of wrong answers that want points. Each returns what it defines besides, over the wrong answers."""

import contextlib
import os
import signal
import struct
import sys
import threading
from typing import Any

from autograders.doctor.attack import Targets, attack


def _checks() -> Any:
    from autograders.doctor.bait import test_bait

    return test_bait


def _replies() -> Any:
    from autograders.learner import messages

    return messages


def _number(n: int) -> Any:
    """A reply that says: this is the number n."""
    m = _replies()
    return m.Returned(m.Described(0, "int", 0, False, ("",), (m.Scalar(n),)))


class Liar:
    """Equals, converts to and calls as whatever is wanted."""

    n = 41

    def agree(self, *others: Any) -> bool:
        return True

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = agree
    __hash__ = object.__hash__

    def _next(self) -> int:
        Liar.n += 1
        return Liar.n

    __int__ = __index__ = __len__ = __hash__ = _next

    def __float__(self) -> float:
        return float(self._next())

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        import numpy as np

        return np.asarray(self._next(), dtype)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self

    @property
    def __class__(self) -> type:
        return int


@attack(bare="")
def liar(targets: Targets) -> dict:
    """Answers with an object that equals everything and says that it is a number."""
    return {"double": Liar(), "answer": Liar(), "Tally": Liar()}


@attack(bare="")
def lying_array(targets: Targets) -> dict:
    """Answers with an array whose comparisons, bytes and shape lie."""
    import numpy as np

    class Lying(np.ndarray):
        __eq__ = __ne__ = lambda self, other: True
        tobytes = lambda self, *a: bytes(4 * self.size)
        shape = property(lambda self: (3,))

    return {"double": lambda x: np.zeros((), np.float32).view(Lying), "answer": np.full((), 7).view(Lying)}


@attack(bare="")
def lying_number(targets: Targets) -> dict:
    """Answers with a number that equals every other."""

    class Lying(int):
        __eq__ = __ne__ = lambda self, other: True
        __hash__ = int.__hash__

    return {"answer": Lying(7), "Tally": lambda: type("T", (), {"add": lambda self, total, n: Lying(7)})()}


@attack(bare="")
def changing_tree(targets: Targets) -> dict:
    """Answers with a tree that has other leaves each time it is flattened."""
    import jax

    class Changing:
        turns = 0

    def flatten(changing: Any) -> tuple:
        Changing.turns += 1
        return tuple(range(Changing.turns % 5)), None

    jax.tree_util.register_pytree_node(Changing, flatten, lambda aux, leaves: Changing())
    return {"double": lambda x: Changing(), "answer": Changing()}


@attack()
def known_inputs(targets: Targets) -> dict:
    """Recognises what a self-check asks, and knows the answer to that only."""
    import jax.numpy as jnp

    return {"double": lambda x: jnp.where(jnp.isin(x, jnp.asarray(targets.public, jnp.float32)), 2 * x, x)}


@attack()
def patched_checks(targets: Targets) -> None:
    """Replaces what the checks compare with."""
    checks = _checks()
    checks.require = checks.require_close = lambda *a, **k: None


@attack()
def patched_numpy(targets: Targets) -> None:
    """Makes NumPy find everything equal, finite and close."""
    import numpy as np

    np.allclose = np.array_equal = np.all = lambda *a, **k: True
    np.max = lambda *a, **k: 0.0


@attack()
def patched_pytest(targets: Targets) -> None:
    """Makes pytest run nothing that fails."""
    from _pytest import python

    from autograders.judge import plugin

    python.Function.runtest = lambda self: None
    plugin.verdict_of = lambda failure: plugin.Verdict("pass")


@attack()
def patched_verdicts(targets: Targets) -> None:
    """Replaces the verdict that says fail."""
    from autograders.checks import failure
    from autograders.judge import plugin

    failure.Failure.status = "pass"
    plugin.Verdict = lambda *a, **k: sys.modules["autograders.judge.verdicts"].Verdict("pass")


@attack(bare="")
def patched_codecs(targets: Targets) -> None:
    """Makes json and msgspec write other numbers than they are given."""
    import json

    import msgspec

    real = msgspec.msgpack.encode
    msgspec.msgpack.encode = lambda value, *a, **k: real(
        _number(1) if isinstance(value, _replies().Returned) else value
    )
    json.dumps = lambda *a, **k: '{"points": 4, "status": "pass"}'


@attack(bare="")
def patched_jax(targets: Targets) -> None:
    """Exports another program than the function's."""
    import jax
    from jax import export

    real = export.export
    export.export = lambda f, **options: real(jax.jit(lambda *x: [v + 1 for v in x], keep_unused=True), **options)


@attack(bare="")
def patched_tracer(targets: Targets) -> None:
    """Traces a function that is none, and says that it is a pure one."""
    from autograders.learner import tracing

    real = tracing.trace
    tracing.trace = lambda objects, function, *rest: real(objects, lambda x: Liar(), *rest)


@attack(bare="")
def patched_answers(targets: Targets) -> None:
    """Answers every question with the number 1."""
    from autograders.learner import answering

    for kind in (_replies().Call, _replies().Lookup):
        answering.Answerer._answers[kind] = lambda self, request: _number(1)


@attack(bare="")
def done_to_everything(targets: Targets) -> None:
    """Answers every question with: done."""
    from autograders.learner import answering

    for kind in (_replies().Call, _replies().Lookup, _replies().Trace):
        answering.Answerer._answers[kind] = lambda self, request: _replies().Done()


def _peeking(x: Any) -> Any:
    """Twice what a check that is running asks about; the argument itself where none is in sight."""
    frame = sys._getframe()
    while frame:
        if frame.f_code.co_name.startswith("test_doubles"):
            return 2 * frame.f_locals["x"]
        frame = frame.f_back
    return x


@attack()
def frames(targets: Targets) -> dict:
    """Looks for the question in the frames of whoever calls it."""
    return {"double": _peeking}


@attack()
def host_callback(targets: Targets) -> dict:
    """Calls Python from within the program, to look around while it runs."""
    import jax

    shape = lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype)
    return {"double": lambda x: jax.pure_callback(lambda v: _peeking(v), shape(x), x)}


@attack()
def garbage_collector(targets: Targets) -> dict:
    """Looks for the grader's notes among all objects, and has the other checks left out."""
    import gc

    def double(x: Any) -> Any:
        for found in gc.get_objects():
            if type(found).__name__ == "Bench":
                found.blunt = frozenset({"doubles_as_a_program", "names_the_answer", "tallies"})
        return x

    return {"double": double}


@attack(bare="")
def exits(targets: Targets) -> None:
    """Ends its process with success."""
    os._exit(0)


@attack(bare="")
def exits_politely(targets: Targets) -> None:
    """Asks Python to end with success."""
    sys.exit(0)


@attack(bare="")
def exits_when_asked(targets: Targets) -> dict:
    """Ends its process with success when it is called."""
    return {"double": lambda x: os._exit(0), "Tally": lambda: sys.exit(0)}


@attack(bare="")
def killed(targets: Targets) -> dict:
    """Ends its process with a signal when it is called."""
    return {"double": lambda x: signal.raise_signal(signal.SIGKILL)}


@attack(bare="")
def every_descriptor(targets: Targets) -> None:
    """Writes nonsense to whatever is open."""
    for number in range(3, 256):
        with contextlib.suppress(OSError):
            os.write(number, os.urandom(64))


@attack(bare="")
def endless_length(targets: Targets) -> None:
    """Announces a reply of 4 GiB."""
    for number in range(3, 256):
        with contextlib.suppress(OSError):
            os.write(number, b"\xff" * 8)


@attack(bare="")
def long_reply(targets: Targets) -> dict:
    """Sends a reply larger than any may be."""
    import numpy as np

    return {"double": lambda x: np.zeros(20 * 2**20, np.float32), "answer": np.zeros(20 * 2**20, np.float32)}


@attack(bare="")
def half_a_reply(targets: Targets) -> None:
    """Announces a reply, and never finishes it."""
    _replies().Connection.send = lambda self, number, body: self.stream.sendall(struct.pack("<I", 1000) + b"x")


@attack(bare="")
def closed_line(targets: Targets) -> None:
    """Closes the line to the judge."""
    os.closerange(3, 256)


@attack(bare="")
def malformed(targets: Targets) -> None:
    """Sends replies that are none."""
    real = _replies().Connection.send
    _replies().Connection.send = lambda self, number, body: real(self, number, b"\xc1" + body)


@attack(bare="")
def reply_to_another_question(targets: Targets) -> None:
    """Sends replies under numbers that it made up."""
    import msgspec

    real, body = _replies().Connection.send, msgspec.msgpack.encode(_number(1))
    _replies().Connection.send = lambda self, number, _: [real(self, n, body) for n in (0, number + 1, number)]


@attack(bare="")
def too_many_replies(targets: Targets) -> None:
    """Sends each reply a hundred times."""
    real = _replies().Connection.send
    _replies().Connection.send = lambda self, number, body: [real(self, number, body) for _ in range(100)]


@attack(bare="")
def reply_from_a_thread(targets: Targets) -> None:
    """Keeps sending replies from a thread, whatever is asked."""
    import gc
    import time

    def send() -> None:
        lines = [o for o in gc.get_objects() if isinstance(o, _replies().Connection)]
        for line in lines * 100:
            time.sleep(0.01)
            with contextlib.suppress(OSError):
                line.send(1, b"\xc0")

    threading.Thread(target=send, daemon=True).start()


@attack(bare="")
def wrong_numbers(targets: Targets) -> dict:
    """Answers with numbers that are none: nan, infinite, of absurd shape, of a dtype nobody knows."""
    import jax.numpy as jnp
    import numpy as np

    return {
        "double": lambda x: jnp.full(3, jnp.nan),
        "answer": np.array([(1, 2)], dtype=[("a", "i4"), ("b", "f8")]),
        "Tally": lambda: type("T", (), {"add": lambda self, total, n: np.array("42", dtype=object)})(),
    }


@attack(bare="")
def exotic_dtypes(targets: Targets) -> dict:
    """Answers with dtypes that few programs can read."""
    import jax.numpy as jnp

    return {"double": lambda x: x.astype(jnp.float8_e4m3fn), "answer": jnp.zeros((), jnp.int4)}


def _replace_program(change: Any) -> None:
    """Has every exported program changed before it is sent."""
    from jax import export

    real = export.Exported.serialize
    export.Exported.serialize = lambda self, **options: bytearray(change(bytes(real(self, **options))))


@attack(bare="")
def mangled_program(targets: Targets) -> None:
    """Sends a program with bytes turned around, which crashes some readers."""
    _replace_program(lambda program: program[:300] + bytes(255 - b for b in program[300:500]) + program[500:])


@attack(bare="")
def cut_program(targets: Targets) -> None:
    """Sends half a program."""
    _replace_program(lambda program: program[: len(program) // 2])


@attack(bare="")
def calling_program(targets: Targets) -> dict:
    """Sends a program that calls a function of the process which runs it."""
    import jax
    from jax import export

    real, safe = export.export, export.DisabledSafetyCheck.custom_call("xla_ffi_python_cpu_callback")
    export.export = lambda f, **options: real(f, disabled_checks=[safe], **options)
    called = lambda x: jax.ffi.ffi_call("xla_ffi_python_cpu_callback", jax.ShapeDtypeStruct(x.shape, x.dtype))(x)
    return {"double": called}


@attack(bare="")
def endless_program(targets: Targets) -> dict:
    """Sends a program that never ends."""
    import jax

    endless = lambda x: jax.lax.while_loop(lambda c: c[0] < 9e9, lambda c: -c, x)
    return {"double": lambda x: endless(x) if isinstance(x, jax.core.Tracer) else x}


@attack(bare="")
def gigantic_constant(targets: Targets) -> dict:
    """Sends a program with a constant of 40 MB in it."""
    import jax.numpy as jnp
    import numpy as np

    block = np.random.default_rng(0).normal(size=10 * 2**20).astype(np.float32)
    return {"double": lambda x: x + jnp.asarray(block)[:3]}


@attack(bare="")
def absurd_shape(targets: Targets) -> dict:
    """Sends a program that asks for an array of 16 TB."""
    import jax
    import jax.numpy as jnp

    return {"double": lambda x: jax.lax.sort(jnp.broadcast_to(x[0], (2**42,)))[:3]}
