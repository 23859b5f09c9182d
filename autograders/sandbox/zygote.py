"""A process that has imported what learners use, and forks a fresh one for each of them.

Theory of operation. The judge starts the zygote by exec, isolated (`python -I`) and with an environment of its own.
The zygote imports JAX, Flax, optax and IPython, but never starts a backend: a backend starts threads, and a fork of a
threaded process hangs. For each request on its control socket it forks; the child takes the socket that came with the
request, confines itself (`layers.harden`), and serves: a learner's session, or an evaluator of programs. A confined
child cannot reach the zygote, the judge or other learners. When the judge dies, the control socket closes and the
zygote ends; when the zygote ends, its children get SIGKILL.
"""

import contextlib
import dataclasses
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from autograders.sandbox.compiled import Programs
from autograders.sandbox.limits import Limits

LIBRARIES = (
    "flax.linen",
    "flax.training.train_state",
    "jax",
    "matplotlib.pyplot",
    "optax",
    "sklearn.datasets",
    "autograders.learner.serving",
    "autograders.sandbox.evaluator",
    "autograders.sandbox.warmup",
)
LINUX_LIBRARIES = ("py_landlock", "pyseccomp")
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XLA_FLAGS", "JAX_PLATFORMS", "LD_LIBRARY_PATH")


@dataclasses.dataclass
class Child:
    """A forked process: the socket to talk through, its pid, and the layers that confine it."""

    stream: socket.socket
    pid: int
    layers: list[str]

    def kill(self) -> None:
        """End it now; it is the zygote's child and reaped there."""
        self.stream.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, signal.SIGKILL)


class Zygote:
    """The judge's end: starts the process when first needed, and again when it is gone."""

    def __init__(self) -> None:
        self.process: subprocess.Popen | None = None
        self.control: socket.socket | None = None
        self.lock = threading.Lock()

    def spawn(self, role: str, scratch: Path, limits: Limits, programs: Programs | None = None) -> Child:
        """Fork a `learner`, an `evaluator` or a `warmer` that may write to `scratch` only."""
        with self.lock:
            if self.process is None or self.process.poll() is not None:
                self._start()
            ours, theirs = socket.socketpair()
            with theirs:
                order = {"role": role, "scratch": str(scratch), "limits": dataclasses.asdict(limits)}
                order["programs"] = {"folder": str(programs.folder), "adds": programs.adds} if programs else None
                try:
                    socket.send_fds(self.control, [json.dumps(order).encode()], [theirs.fileno()])
                    answer = json.loads(self.control.recv(4096) or b'{"error": "the zygote ended"}')
                except ConnectionError:
                    answer = {"error": "the zygote ended, perhaps because JAX or Flax cannot be imported here"}
        if "error" in answer:
            ours.close()
            raise RuntimeError(f"no process for the submission: {answer['error']}")
        layers = json.loads(_line(ours))
        return Child(ours, answer["pid"], layers)

    def _start(self) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= {
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
            "MPLBACKEND": "agg",
            "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
        }
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-m", "autograders.sandbox.zygote", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def close(self) -> None:
        """End the zygote and all its children."""
        if self.control:
            self.control.close()
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None


def _line(stream: socket.socket) -> bytes:
    """One short line, byte by byte, so that nothing behind it is read."""
    line = b""
    while not line.endswith(b"\n") and len(line) < 4096:
        byte = stream.recv(1)
        if not byte:
            raise RuntimeError("the process ended before it was confined")
        line += byte
    return line


def main(descriptor: int) -> None:
    """The zygote's loop: a request and a socket in, a fork, its pid out."""
    control = socket.socket(fileno=descriptor)
    _import_libraries()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
    gc.collect()
    gc.freeze()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 65536, 1)
        if not message:
            return
        order = json.loads(message)
        trouble = _cannot_fork()
        pid = 0 if trouble else os.fork()
        if pid == 0 and not trouble:
            control.close()
            _become(order, socket.socket(fileno=descriptors[0]))
        os.close(descriptors[0])
        control.send(json.dumps({"error": trouble} if trouble else {"pid": pid}).encode())


def _import_libraries() -> None:
    for name in LIBRARIES + (LINUX_LIBRARIES if sys.platform == "linux" else ()):
        importlib.import_module(name)


def _cannot_fork() -> str:
    """Why a fork would hang, or an empty string."""
    from jax._src import xla_bridge  # no public name tells this without starting a backend

    if xla_bridge.backends_are_initialized():
        return "a JAX backend runs in the zygote"
    if threading.active_count() > 1:
        return f"{threading.active_count()} threads run in the zygote"
    return ""


def _become(order: dict, stream: socket.socket) -> None:
    """The child: confined, then serving until its judge hangs up; never returns."""
    from autograders.learner import serving, session
    from autograders.sandbox import evaluator, layers, warmup

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.chdir(order["scratch"])
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    kept = stream.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, 4096)
    session.prepare_environment()
    programs = Programs(Path(order["programs"]["folder"]), order["programs"]["adds"]) if order["programs"] else None
    readable, writable = [], [Path(order["scratch"])]
    if programs:
        programs.use()
        (writable if programs.adds else readable).append(programs.folder)
    active = layers.harden(Limits(**order["limits"]), writable, readable)
    stream.sendall(json.dumps(active).encode() + b"\n")
    serve = {"learner": serving.serve, "evaluator": evaluator.serve, "warmer": warmup.serve}[order["role"]]
    try:
        serve(stream)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
