"""The judge's end of the zygote: it starts one when first needed, and gets confined processes from it."""

import contextlib
import dataclasses
import json
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import IO

from autograders.sandbox import compiled, scratch, starting
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


class Zygote:
    """Starts the process when first needed, and again when it is gone. `walls` are those that are tried."""

    def __init__(self, limits: Limits, walls: tuple[str, ...] = starting.WALLS):
        self.limits, self.walls = limits, walls
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
        ours, theirs = socket.socketpair()
        order = {"do": "spawn", "role": role, "library": str(library or "")}
        order |= {"walls": self.walls, "limits": dataclasses.asdict(self.limits), "expected": self.expected}
        with theirs, self.lock:
            if self._gone():
                self._start()
            answer, control = self._ask(order, theirs), self.control
        if "error" in answer:
            ours.close()
            raise NoProcess(f"no process for the submission: {answer['error']}")
        ours.settimeout(START_S)
        return Child(ours, answer["child"], control, [*self.layers, *json.loads(_line(ours))])

    def end(self, child: Child) -> dict:
        """End a child now, with all that it wrote: why it had ended before, if it had, and what it had used.

        It ended with its zygote; under the next one its number may be another's.
        """
        child.stream.close()
        with self.lock, contextlib.suppress(NoProcess):
            if child.control is self.control and not self._gone():
                return self._ask({"do": "end", "child": child.number})
        return {"error": "the zygote ended"}

    def _gone(self) -> bool:
        return self.process is None or self.process.poll() is not None

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
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.settimeout(START_S)
        self.scratch, self.errors = Path(tempfile.mkdtemp(prefix="stateless-")), tempfile.TemporaryFile()  # noqa: SIM115 (closed in `close`)
        with contextlib.suppress(OSError):
            compiled.root().mkdir(parents=True, exist_ok=True)
        with theirs:
            start = starting.start(self.limits, self.scratch, theirs.fileno(), self.walls)
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
        """The last line that the zygote wrote about its end."""
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
