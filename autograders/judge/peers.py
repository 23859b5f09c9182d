"""Confined processes as the judge sees them: one for each submission, and one that runs and compiles programs for all."""

import contextlib
import hashlib
import math
import secrets
import time
from pathlib import Path
from typing import Any

import msgspec

from autograders.checks.failure import LimitHit
from autograders.learner.messages import (
    COMPILE,
    Compile,
    Compiled,
    Connection,
    Evaluate,
    Evaluated,
    Usage,
    Used,
)
from autograders.sandbox.limits import MIB
from autograders.sandbox.spawning import NoProcess, Zygote

ENDED = "the process ended"
KEPT = 16 * MIB  # of compiled programs; a small one takes some 4 KiB
LOOKED_AFTER = 50  # requests, between two looks at what the evaluator has used
LASTS = 4000  # requests, of some 150 submissions: JAX keeps some 20 KiB of each program that an evaluator ever had


class ProcessLost(Exception):
    """A confined process is gone: it ended itself, was late, or sent nonsense; `reason` says which."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class Peer:
    """One confined process; every question has a number that only its answer may carry."""

    def __init__(self, zygote: Zygote, role: str, library: Path | None = None, compiler: "Compiler | None" = None):
        self.zygote, self.compiler = zygote, compiler
        self.child = zygote.spawn(role, library)
        self.connection = Connection(self.child.stream)

    def ask(self, request: Any, reply_type: Any, seconds: float) -> Any:
        """The decoded reply. Raises ProcessLost, or NoProcess when it is no fault of its own; then the process is dead."""
        number = secrets.randbits(63)
        try:
            self.child.stream.settimeout(seconds)
            self.connection.send(number, msgspec.msgpack.encode(request))
            deadline = time.monotonic() + seconds
            answer = self.connection.receive(seconds)
            while self.compiler and answer.number == COMPILE:
                if (left := deadline - time.monotonic()) <= 0:
                    raise TimeoutError
                self.connection.send(COMPILE, self.compiler(answer.body, left))
                answer = self.connection.receive(deadline - time.monotonic())
            if answer.number != number:
                raise ValueError("an answer to another question")
            return msgspec.msgpack.decode(answer.body, type=reply_type)
        except TimeoutError:
            reason = f"it took more than {seconds:g} s"
        except (EOFError, OSError):
            reason = ENDED
        except (ValueError, msgspec.MsgspecError):
            reason = "it answered with something malformed"
        except NoProcess:  # to compile in
            self.close()
            raise
        ended = self.close()
        if "error" in ended:  # all processes of this grader are gone, which is no learner's doing
            raise NoProcess(ended["error"])
        raise ProcessLost(ended.get("cause") or reason)

    def close(self) -> dict:
        """End the process and remove its files; why it had ended and what it had used."""
        return self.zygote.end(self.child)


class Evaluator:
    """The confined process that runs programs; kept warm over many submissions.

    It is started anew before what it has used for all of them comes near the limits, and when a program crashed it. Only
    a program that a new process does not survive has hit a limit: what others left behind costs nobody a point.
    """

    def __init__(self, zygote: Zygote):
        self.zygote, self.limits, self.peer, self.asked = zygote, zygote.limits, None, 0

    def __call__(self, request: Evaluate) -> Evaluated | str:
        try:
            if self.peer:
                with contextlib.suppress(ProcessLost):
                    return self._ask(request)
            return self._ask(request)
        except ProcessLost as lost:
            raise LimitHit(
                f"The program that jit made of this function did not come to an end: {lost.reason}.",
                "It may loop for ever, or ask for more memory than there is.",
                "Run the jitted function yourself on a small input.",
            ) from None

    def compile(self, request: Compile, seconds: float) -> bytes:
        """A compiled program, or nothing where that does not come to an end within so many seconds."""
        try:
            return self._ask(request, Compiled, seconds).executable
        except ProcessLost:
            return b""

    def _ask(self, request: Evaluate | Compile, reply: Any = Evaluated | str, seconds: float = math.inf) -> Any:
        if self.peer and self._worn_out():
            self.close()
        if fresh := self.peer is None:
            self.peer, self.asked = Peer(self.zygote, "evaluator"), 0
        self.asked += 1
        try:
            return self.peer.ask(request, reply, min(seconds, self.limits.request_s))
        except ProcessLost:
            self.peer = None
            raise
        except NoProcess:
            self.peer = None
            if fresh:
                raise
        return self._ask(request, reply, seconds)  # the process had gone with all others since it was asked last

    def _worn_out(self) -> bool:
        """Whether it has used half of what a process may, looked at every fifty requests, or has answered enough."""
        if self.asked >= LASTS:
            return True
        if self.asked % LOOKED_AFTER:
            return False
        try:
            used = self.peer.ask(Usage(), Used, self.limits.grace_s)
        except (ProcessLost, NoProcess):
            self.peer = None
            return False
        return used.cpu_s > self.limits.cpu_s / 2 or used.peak_mib > self.limits.memory / MIB / 2

    def close(self) -> None:
        """End the process; the next question starts another."""
        if self.peer:
            self.peer.close()
        self.peer = None


class Compiler:
    """What submissions compile: each program once, known by its content, so that nobody can put another in its place."""

    def __init__(self, evaluate: Evaluator):
        self.evaluate, self.size = evaluate, 0
        self.kept: dict[bytes, bytes] = {}  # the one that was asked for last at the end

    def __call__(self, body: bytes, seconds: float) -> bytes:
        """The reply to a request of a learner's process, both as they travel. Raises MsgspecError for nonsense."""
        request = msgspec.msgpack.decode(body, type=Compile)
        key = hashlib.sha256(body).digest()
        made = self.kept.pop(key, None)
        if made is None:
            made = self.evaluate.compile(request, seconds)
            self.size += len(made)
        self.kept[key] = made
        while self.size > KEPT:
            self.size -= len(self.kept.pop(next(iter(self.kept))))
        return msgspec.msgpack.encode(Compiled(made))
