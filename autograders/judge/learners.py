"""Where a submission's code runs: in a confined process when grading, in this kernel when a learner checks themselves."""

import contextlib
import functools
import secrets
import time
from collections.abc import Iterator, Sequence
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
from autograders.sandbox import compiled, starting
from autograders.sandbox.limits import MIB, Limits
from autograders.sandbox.spawning import NoProcess, Zygote
from autograders.sandbox.starting import WALLS

ENDED = "the process ended"
LOOKED_AFTER = 50  # programs, between two looks at what the evaluator has used
ABOUT_CODE = Returned | Missing | Raised
REPLIES = {Lookup: ABOUT_CODE, Call: ABOUT_CODE, Trace: Traced | Missing | Raised, StandIn: Done | Raised, Usage: Used}


class TooWeak(Exception):
    """A class is not to be graded on this machine, unless its instructor accepts that."""


class ProcessLost(Exception):
    """A confined process is gone: it ended itself, was late, or sent nonsense; `reason` says which."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class Peer:
    """One confined process; every question has a number that only its answer may carry."""

    def __init__(self, zygote: Zygote, role: str, library: Path | None = None, keep: str = ""):
        self.zygote = zygote
        self.child = zygote.spawn(role, library, keep)
        self.connection = Connection(self.child.stream)

    def ask(self, request: Any, reply_type: Any, seconds: float) -> Any:
        """The decoded reply. Raises ProcessLost, and then the process is dead, or NoProcess when it is no fault of its own."""
        number = secrets.randbits(63)
        try:
            self.child.stream.settimeout(seconds)
            self.connection.send(number, msgspec.msgpack.encode(request))
            answer = self.connection.receive(seconds)
            if answer.number != number:
                raise ValueError("an answer to another question")
            return msgspec.msgpack.decode(answer.body, type=reply_type)
        except TimeoutError:
            reason = f"it took more than {seconds:g} s"
        except (EOFError, OSError):
            reason = ENDED
        except (ValueError, msgspec.MsgspecError):
            reason = "it answered with something malformed"
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
        if self.peer and self._worn_out():
            self.close()
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

    def _ask(self, request: Evaluate) -> Evaluated | str:
        if self.peer is None:
            self.peer, self.asked = Peer(self.zygote, "evaluator"), 0
        self.asked += 1
        try:
            return self.peer.ask(request, Evaluated | str, self.limits.request_s)
        except (ProcessLost, NoProcess):
            self.peer = None
            raise

    def _worn_out(self) -> bool:
        """Whether it has used half of what a process may; looked at every fifty programs."""
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


class ConfinedLearner:
    """A submission's cells, run in a confined process, and run again in a new one after a crash."""

    def __init__(
        self,
        zygote: Zygote,
        cells: list[Cell],
        library: Path | None = None,
        keep: str = "",
        stand_ins: Sequence[StandIn] = (),
    ):
        self.zygote, self.cells, self.limits, self.stand_ins = zygote, cells, zygote.limits, stand_ins
        self.library, self.keep = library, keep
        self.peer: Peer | None = None
        self.ran: dict[int, Ran] = {}
        self.crashed: set[int] = set()
        self.used = Used(0.0, 0.0)
        self.deadline = time.monotonic() + self.limits.submission_s

    @property
    def layers(self) -> list[str]:
        return self.peer.child.layers if self.peer else []

    def start(self) -> None:
        """Run the cells; one that ends the process is noted, and left out from then on.

        What stands in for a name is put there as soon as a cell defines it: later cells may use it while they run.
        """
        while self.peer is None:
            self._check_time()
            self.peer = Peer(self.zygote, "learner", self.library, self.keep)
            for cell in self.cells:
                if cell.index not in self.crashed and not self._run(cell):
                    break
                self._replace(cell.defines)
        self._replace(set().union(*(stand_in.names for stand_in in self.stand_ins)))

    def _replace(self, names: set[str]) -> None:
        for stand_in in self.stand_ins:
            reply = (
                self.peer.ask(stand_in, Reply, self.limits.request_s) if names.intersection(stand_in.names) else Done()
            )
            if not isinstance(reply, Done):
                raise GraderError(f"the reference answers could not be put in place: {reply}")

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
        self._check_time()
        try:
            return self.peer.ask(request, REPLIES[type(request)], self.limits.request_s + self.limits.grace_s)
        except NoProcess:
            self.peer = None
            raise
        except ProcessLost as lost:
            self.peer = None
            target = request.target if isinstance(request, (Call, Trace)) else Target()
            name = target.method or target.name
            raise LimitHit(
                f"{f'`{name}`' if name else 'Your code'} did not come to an end: {lost.reason}.",
                "Usually an endless loop, a call of exit(), or far too much memory.",
                "Call the function yourself in a new cell and watch what happens.",
            ) from None

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
            with contextlib.suppress(ProcessLost, NoProcess):
                self.used = self.peer.ask(Usage(), Used, self.limits.grace_s)
            if self.peer:
                self.peer.close()
        self.peer = None
        return self.used


class Engine:
    """The zygote and the evaluator of one grader.

    `walls` are those that are put around them where they hold. What submissions compile is kept under the name `keep`,
    which only those may share whose authors trust one another, as a corpus of tests does.
    """

    def __init__(self, limits: Limits | None = None, walls: tuple[str, ...] = WALLS, keep: str = ""):
        self.limits, self.keep = limits or Limits(), keep
        self.zygote = Zygote(self.limits, walls)
        self.evaluate = Evaluator(self.zygote)

    @functools.cached_property
    def library(self) -> Path | None:
        """Library programs, compiled once on this machine."""
        return compiled.ensure(self._compile)

    def _compile(self) -> dict[str, bytes]:
        warmer = Peer(self.zygote, "warmer")
        try:
            sent = warmer.connection.receive(self.limits.cell_s)
            return msgspec.msgpack.decode(sent.body, type=dict[str, bytes])
        except (OSError, EOFError, ValueError) as error:
            raise RuntimeError("the library could not be compiled") from error
        finally:
            warmer.close()

    @functools.cached_property
    def layers(self) -> list[str]:
        """What confines a submission here."""
        peer = Peer(self.zygote, "learner")
        peer.close()
        return peer.child.layers

    def require_confinement(self, accept_weak: bool) -> None:
        """Raises TooWeak where a submission of a class could reach what is not its own, unless that is accepted."""
        lacking = starting.lacking(self.layers)
        if lacking and not accept_weak:
            raise TooWeak(
                f"Submissions cannot be confined well enough here: {' and '.join(lacking)} {'does' if len(lacking) == 1 else 'do'} not hold. A submission could "
                "read your files, the solutions and the work of others. `stateless doctor` says what is missing. To grade all "
                "the same: `stateless grade --accept-weak-confinement`, or for nbgrader "
                "`c.RunConfined.accept_weak_confinement = True`."
            )

    def learner(self, cells: list[Cell], stand_ins: Sequence[StandIn] = ()) -> ConfinedLearner:
        """A submission's cells, with definitions that stand in for some of its own."""
        return ConfinedLearner(self.zygote, cells, self.library, self.keep, stand_ins)

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
