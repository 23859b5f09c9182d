"""Where a submission's code runs: in a confined process when grading, in this kernel when a learner checks themselves."""

import contextlib
import functools
import hashlib
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from autograders.checks.failure import GraderError, LimitHit
from autograders.learner.messages import (
    Call,
    Cell,
    Connection,
    Done,
    Evaluate,
    Evaluated,
    Lookup,
    Missing,
    Raised,
    Ran,
    Reply,
    Request,
    Returned,
    Run,
    StandIn,
    Target,
    Trace,
    Traced,
    Usage,
    Used,
)
from autograders.sandbox import compiled
from autograders.sandbox.compiled import Programs
from autograders.sandbox.limits import Limits
from autograders.sandbox.zygote import Child, Zygote

ENDED = "the process ended"
ABOUT_CODE = Returned | Missing | Raised
REPLIES = {Lookup: ABOUT_CODE, Call: ABOUT_CODE, Trace: Traced | Missing | Raised, StandIn: Done | Raised, Usage: Used}


class ProcessLost(Exception):
    """A confined process is gone: it ended itself, was late, or sent nonsense; `reason` says which."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class Peer:
    """One confined process and its scratch folder; every question has a number that only its answer may carry."""

    def __init__(self, zygote: Zygote, role: str, limits: Limits, programs: Programs | None = None):
        self.scratch = Path(tempfile.mkdtemp(prefix="stateless-"))
        self.child: Child = zygote.spawn(role, self.scratch, limits, programs)
        self.connection = Connection(self.child.stream)

    def ask(self, request: Any, reply_type: Any, seconds: float) -> Any:
        """The decoded reply; raises ProcessLost, and then the process is dead."""
        number = secrets.randbits(63)
        try:
            self.child.stream.settimeout(seconds)
            self.connection.send(number, msgspec.msgpack.encode(request))
            answer = self.connection.receive()
            if answer.number != number:
                raise ValueError("an answer to another question")
            return msgspec.msgpack.decode(answer.body, type=reply_type)
        except TimeoutError:
            reason = "it took too long"
        except (EOFError, OSError):
            reason = ENDED
        except (ValueError, msgspec.MsgspecError):
            reason = "it answered with something malformed"
        self.close()
        raise ProcessLost(reason)

    def close(self) -> None:
        """Kill the process and remove its files."""
        self.child.kill()
        shutil.rmtree(self.scratch, ignore_errors=True)


class Evaluator:
    """The confined process that runs programs; kept warm over many submissions, started again when one crashed it."""

    def __init__(self, zygote: Zygote, limits: Limits):
        self.zygote, self.limits, self.peer = zygote, limits, None

    def __call__(self, request: Evaluate) -> Evaluated | str:
        if self.peer is None:
            self.peer = Peer(self.zygote, "evaluator", self.limits)
        try:
            return self.peer.ask(request, Evaluated | str, self.limits.request_s)
        except ProcessLost as lost:
            self.peer = None
            raise LimitHit(
                f"The program that jit made of this function did not come to an end: {lost.reason}.",
                "It may loop for ever, or ask for more memory than there is.",
                "Run the jitted function yourself on a small input.",
            ) from None

    def close(self) -> None:
        if self.peer:
            self.peer.close()


class ConfinedLearner:
    """A submission's cells, run in a confined process, and run again in a new one after a crash."""

    def __init__(self, zygote: Zygote, cells: list[Cell], limits: Limits, programs: Programs | None = None):
        self.zygote, self.cells, self.limits, self.programs = zygote, cells, limits, programs
        self.peer: Peer | None = None
        self.ran: dict[int, Ran] = {}
        self.crashed: set[int] = set()
        self.stand_ins: list[StandIn] = []
        self.used = Used(0.0, 0.0)
        self.deadline = time.monotonic() + limits.submission_s

    @property
    def layers(self) -> list[str]:
        return self.peer.child.layers if self.peer else []

    def start(self) -> None:
        """Run the cells; one that ends the process is noted, and left out from then on."""
        while self.peer is None:
            self._check_time()
            self.peer = Peer(self.zygote, "learner", self.limits, self.programs)
            for cell in self.cells:
                if cell.index not in self.crashed and not self._run(cell):
                    break

    def _run(self, cell: Cell) -> bool:
        if len(self.crashed) > self.limits.crashes:
            self.ran.setdefault(cell.index, Ran((), "not run"))
            return True
        seconds = max(0.1, min(self.limits.cell_s, self.deadline - time.monotonic()))
        try:
            ran = self.peer.ask(Run(cell, seconds), Ran, seconds + self.limits.grace_s)
        except ProcessLost as lost:
            self.crashed.add(cell.index)
            self.ran[cell.index] = Ran((), f"lost: {lost.reason}")
            self.peer = None
            return False
        self.ran.setdefault(cell.index, ran)
        return True

    def ask(self, request: Request) -> Reply:
        """The reply; raises LimitHit when the learner's code ends the process or takes too long."""
        if self.peer is None:
            self.start()
            for stand_in in self.stand_ins:
                self.peer.ask(stand_in, Reply, self.limits.request_s)
        self._check_time()
        try:
            return self.peer.ask(request, REPLIES[type(request)], self.limits.request_s + self.limits.grace_s)
        except ProcessLost as lost:
            self.peer = None
            target = request.target if isinstance(request, (Call, Trace)) else Target()
            name = target.method or target.name
            raise LimitHit(
                f"{f'`{name}`' if name else 'Your code'} did not come to an end: {lost.reason}.",
                "Usually an endless loop, a call of exit(), or far too much memory.",
                "Call the function yourself in a new cell and watch what happens.",
            ) from None

    def stand_in(self, request: StandIn) -> None:
        """Put reference definitions in the place of the learner's own, now and after every restart."""
        reply = self.ask(request)
        if not isinstance(reply, Done):
            raise GraderError(f"the reference answers could not be put in place: {reply}")
        self.stand_ins.append(request)

    def _check_time(self) -> None:
        if time.monotonic() > self.deadline:
            raise LimitHit(
                f"The whole notebook took more than {self.limits.submission_s:g} s.",
                "The time for one submission is limited.",
                "Look for a cell that runs for long, or a loop that does not end.",
            )

    def close(self) -> Used:
        """End the process; what it had used."""
        if self.peer:
            with contextlib.suppress(ProcessLost):
                self.used = self.peer.ask(Usage(), Used, self.limits.grace_s)
            if self.peer:
                self.peer.close()
        self.peer = None
        return self.used


class Engine:
    """The zygote and the evaluator of one grader.

    `keep` is a folder for what submissions compiled, each apart from the others, for those that are graded again and again.
    """

    def __init__(self, limits: Limits | None = None, keep: Path | None = None):
        self.limits, self.keep = limits or Limits(), keep
        self.zygote = Zygote()
        self.evaluate = Evaluator(self.zygote, self.limits)

    @functools.cached_property
    def programs(self) -> Programs | None:
        """Library programs, compiled once on this machine."""
        return compiled.ensure(self._compile)

    def _compile(self, programs: Programs) -> None:
        child = self.zygote.spawn("warmer", programs.folder, self.limits, programs)
        child.stream.settimeout(self.limits.cell_s)
        said = child.stream.recv(16)
        child.kill()
        if said != b"done":
            raise RuntimeError("the library could not be compiled")

    def learner(self, cells: list[Cell]) -> ConfinedLearner:
        programs = self._kept(cells) if self.keep and self.programs else self.programs
        return ConfinedLearner(self.zygote, cells, self.limits, programs)

    def _kept(self, cells: list[Cell]) -> Programs:
        """A folder of this submission's own, which starts as a copy of the library programs."""
        folder = self.keep / hashlib.sha256(msgspec.msgpack.encode(cells)).hexdigest()
        if not folder.is_dir():
            shutil.copytree(self.programs.folder, folder)
        return Programs(folder, adds=True)

    def close(self) -> None:
        self.evaluate.close()
        self.zygote.close()


@contextlib.contextmanager
def engine(limits: Limits | None = None) -> Iterator[Engine]:
    """An engine that ends with the block."""
    made = Engine(limits)
    try:
        yield made
    finally:
        made.close()
