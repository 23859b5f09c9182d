"""Where a submission's code runs: in a confined process when grading, in this kernel when a learner checks themselves."""

import contextlib
import functools
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from threadpoolctl import threadpool_limits

from autograders.checks.failure import GraderError, LimitHit
from autograders.judge.peers import Compiler, Evaluator, Peer, ProcessLost
from autograders.learner.messages import (
    Call,
    Cell,
    Choose,
    Chosen,
    Done,
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
from autograders.sandbox.limits import Limits
from autograders.sandbox.spawning import NoProcess, Trunk, Zygote
from autograders.sandbox.starting import WALLS

ABOUT_CODE = Returned | Missing | Raised
REPLIES = {Lookup: ABOUT_CODE, Call: ABOUT_CODE, Trace: Traced | Missing | Raised, StandIn: Done | Raised, Usage: Used}
TRIES = 2  # of what somebody else may have killed
PROOF_S = 30.0  # it takes two
LEFT_OUT = Ran((json.dumps({"output_type": "stream", "name": "stdout", "text": "Not run: no verdict depends on it."}),))


class TooWeak(Exception):
    """A class is not to be graded on this machine, unless its instructor accepts that."""


class ConfinedLearner:
    """A submission's cells, run in a confined process, and run again in a new one after a crash."""

    def __init__(
        self,
        zygote: Zygote,
        cells: list[Cell],
        library: Path | None = None,
        stand_ins: Sequence[StandIn] = (),
        compiler: Compiler | None = None,
    ):
        self.compiler = compiler
        self.zygote, self.cells, self.limits, self.stand_ins = zygote, cells, zygote.limits, stand_ins
        self.library = library
        self.peer: Peer | None = None
        self.layers: list[str] = []
        self.ran: dict[int, Ran] = {}
        self.crashed: set[int] = set()
        self.used = Used(0.0, 0.0)
        self.deadline = time.monotonic() + self.limits.submission_s

    def start(self) -> None:
        """Run the cells; one that ends the process is noted, and left out from then on.

        What stands in for a name is put there as soon as a cell defines it: later cells may use it while they run.
        """
        while self.peer is None:
            self._check_time()
            self._connect()
            for cell in self._needed:
                if cell.index not in self.crashed and not self._run(cell):
                    break
                self._replace(cell.defines)
        self._replace(set().union(*(stand_in.names for stand_in in self.stand_ins)))

    def _connect(self) -> None:
        self.peer = Peer(self.zygote, "learner", self.library, self.compiler)
        self.layers = self.peer.child.layers

    @functools.cached_property
    def _needed(self) -> list[Cell]:
        """The cells to run; a process that cannot tell them runs them all."""
        if not any(cell.shows for cell in self.cells):
            return self.cells
        try:
            chosen = self.peer.ask(Choose(tuple(self.cells)), Chosen, self.limits.request_s).needed
        except ProcessLost:
            self._connect()
            return self.cells
        self.ran = {cell.index: LEFT_OUT for cell in self.cells if cell.shows and cell.index not in chosen}
        return [cell for cell in self.cells if cell.index not in self.ran]

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

    `walls` are those that are put around them where they hold; the zygote is one of the `trunk`'s, where there is one.
    """

    def __init__(self, limits: Limits | None = None, walls: tuple[str, ...] = WALLS, trunk: Trunk | None = None):
        threadpool_limits(1, "blas")  # for matrices as small as the judge's, more threads only wait for each other
        self.limits = limits or Limits()
        self.zygote = Zygote(self.limits, walls, trunk)
        self.evaluate = Evaluator(self.zygote)
        self.compiler = Compiler(self.evaluate)

    @functools.cached_property
    def library(self) -> Path | None:
        """Library programs, compiled once on this machine."""
        return compiled.ensure(self._compile, self._prove)

    def _compile(self) -> dict[str, bytes]:
        made: dict[str, bytes] = {}
        with contextlib.ExitStack() as stack:
            warmers = [stack.enter_context(contextlib.closing(Peer(self.zygote, role))) for role in compiled.WARMERS]
            try:
                for warmer in warmers:
                    sent = warmer.connection.receive(self.limits.cell_s)
                    made |= msgspec.msgpack.decode(sent.body, type=dict[str, bytes])
            except (OSError, EOFError, ValueError) as error:
                raise RuntimeError("the library could not be compiled") from error
        return made

    def _prove(self, library: Path) -> bool:
        """Whether a process forked beside a running backend can do all that others can; tried more than once."""
        for _ in range(TRIES):
            try:
                with contextlib.closing(Peer(self.zygote, "prover", library)) as prover:
                    prover.connection.receive(PROOF_S)
                return True
            except (NoProcess, OSError, EOFError, ValueError):
                self.zygote.close()  # the next one starts no backend
        return False

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
        return ConfinedLearner(self.zygote, cells, self.library, stand_ins, self.compiler)

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
