"""The judge's end of the zygote: it starts one when first needed, and gets confined processes from it.

Of judges side by side, each has its own from the trunk that they share; one that the trunk does not answer starts one.
"""

import contextlib
import dataclasses
import json
import multiprocessing.connection
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import IO

from autograders.sandbox import compiled, cores, scratch, starting
from autograders.sandbox.limits import Limits

START_S = 120.0  # the imports, on a slow disk


class NoProcess(RuntimeError):
    """No confined process could be had; says why."""


@dataclasses.dataclass
class Child:
    """A forked process: the socket to talk through, its number at its zygote, that zygote's socket, and what confines it."""

    stream: socket.socket
    number: int
    control: socket.socket
    layers: list[str]


@dataclasses.dataclass(frozen=True)
class Trunk:
    """A zygote that forks zygotes: the socket for such orders, which several judges hold, and the walls around it.

    `walls` are those that were tried, `layers` those that hold.
    """

    control: socket.socket
    walls: tuple[str, ...]
    layers: tuple[str, ...]


class Zygote:
    """Starts the process when first needed, and again when it is gone. `walls` are those that are tried.

    The process is a branch of the `trunk`, where there is one and it answers; as a trunk, it has so many `branches`.
    """

    def __init__(
        self,
        limits: Limits,
        walls: tuple[str, ...] = starting.WALLS,
        trunk: Trunk | None = None,
        branches: int = 1,
    ):
        self.limits, self.walls, self.trunk, self.branches = limits, walls, trunk, branches
        self.expected = 0  # learners, where that is known beforehand
        self.process: subprocess.Popen | None = None
        self.control: socket.socket | None = None
        self.scratch: Path | None = None
        self.errors: IO[bytes] | None = None
        self.layers: tuple[str, ...] = ()
        self.lock = threading.Lock()

    def spawn(self, role: str, library: Path | None = None) -> Child:
        """Fork a `learner`, an `evaluator` or a `warmer`, which may write to a scratch folder of its own only.

        It reads the compiled programs in `library`.
        """
        order = {"do": "spawn", "role": role, "library": str(library or "")}
        order |= {"walls": self.walls, "limits": dataclasses.asdict(self.limits), "expected": self.expected}
        with contextlib.ExitStack() as undo:
            ours, theirs = socket.socketpair()
            undo.callback(ours.close)
            with theirs, self.lock:
                if self._gone():
                    self._start()
                answer, control = self._ask(order, theirs), self.control
            if "error" in answer:
                raise NoProcess(f"no process for the submission: {answer['error']}")
            child = Child(ours, answer["child"], control, list(self.layers))
            undo.callback(self.end, child)
            ours.settimeout(START_S)
            child.layers.extend(json.loads(_line(ours)))
            undo.pop_all()
        return child

    def end(self, child: Child) -> dict:
        """End a child now, with all that it wrote: why it had ended before, if it had, and what it had used.

        It ended with its zygote; under the next one its number may be another's.
        """
        child.stream.close()
        with self.lock, contextlib.suppress(NoProcess):
            if child.control is self.control and not self._gone():
                return self._ask({"do": "end", "child": child.number})
        return {"error": "the zygote ended"}

    def as_trunk(self) -> Trunk:
        """Start it now, for judges who ask it for branches of their own; it prepares for the learners who are expected."""
        self._start()
        library = compiled.folder()
        order = {"do": "prepare", "role": "trunk", "expected": self.expected}
        self.control.send(json.dumps(order | {"library": str(library) if library.is_dir() else ""}).encode())
        return Trunk(self.control, self.walls, self.layers)

    def _gone(self) -> bool:
        """Whether it has ended: nothing comes from it unasked but the end."""
        if self.control is None or (self.process and self.process.poll() is not None):
            return True
        return bool(multiprocessing.connection.wait([self.control], 0))

    def _ask(self, order: dict, handed: socket.socket | None = None) -> dict:
        try:
            socket.send_fds(self.control, [json.dumps(order).encode()], [handed.fileno()] if handed else [])
            answer = self.control.recv(2**16)
        except OSError:
            answer = b""
        if not answer:
            said = self._last_words()
            self.close()
            raise NoProcess(f"the process that has JAX and Flax imported ended: {said}")
        return json.loads(answer)

    def _start(self) -> None:
        self.close()
        if not self._branched():
            self.close()
            self._execute()

    def _socket(self) -> socket.socket:
        """A new control socket's other end."""
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.settimeout(START_S)
        return theirs

    def _branched(self) -> bool:
        """Whether the trunk forked a zygote for this judge."""
        if not self.trunk:
            return False
        order = {"do": "branch", "cores": cores.own()}
        try:
            with self._socket() as theirs:
                socket.send_fds(self.trunk.control, [json.dumps(order).encode()], [theirs.fileno()])
            self.layers = self.trunk.layers
            return bool(self.control.recv(2**16))
        except OSError:
            return False

    def _execute(self) -> None:
        theirs = self._socket()
        self.scratch, self.errors = Path(tempfile.mkdtemp(prefix="stateless-")), tempfile.TemporaryFile()  # noqa: SIM115 (closed in `close`)
        with contextlib.suppress(OSError):
            compiled.root().mkdir(parents=True, exist_ok=True)
        with theirs:
            start = starting.start(self.limits, self.scratch, theirs.fileno(), self.walls, self.branches)
            if start.uid:
                shutil.chown(self.scratch, start.uid, start.uid)
            self.layers = start.layers
            self.process = subprocess.Popen(
                start.command,
                pass_fds=[theirs.fileno()],
                env=start.environment,
                cwd="/",
                start_new_session=True,  # Ctrl-C is for the grader, which ends its processes itself
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.errors,
            )

    def _last_words(self) -> str:
        """The last line that the zygote wrote about its end; a branch writes where its trunk does."""
        if self.errors is None:
            return "nobody knows why"
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").split("\n")
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "nobody knows why")

    def close(self) -> None:
        """End the zygote and all its children."""
        if self.control:
            self.control.close()
        if self.process:
            self.process.kill()
            self.process.wait()
        if self.scratch:
            scratch.remove(self.scratch)
        if self.errors:
            self.errors.close()
        self.process = self.control = self.scratch = self.errors = None


def _line(stream: socket.socket) -> bytes:
    """One short line, byte by byte, so that nothing behind it is read."""
    line = b""
    while not line.endswith(b"\n") and len(line) < 4096:
        byte = stream.recv(1)
        if not byte:
            raise NoProcess("the process ended before it was confined")
        line += byte
    return line
