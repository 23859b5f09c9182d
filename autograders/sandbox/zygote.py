"""A process that has imported what learners use, and forks a fresh one for each of them.

Theory of operation. The judge starts the zygote by exec, isolated (`python -I`), with an environment of its own and
behind the walls that hold on this machine (`starting.py`). The zygote imports JAX, Flax, optax and IPython. Where that
works (`threads.py`) it also starts a backend and calls what the exercises need of these libraries, so that its children
find it traced, compiled and loaded; elsewhere it starts none, for a backend starts threads, and a fork of a threaded
process hangs. It never runs anything of a learner's. For each order on its control socket it forks; the child takes the
socket that came with the order, confines itself (`layers.harden`), and serves: a learner's session, or an evaluator of
programs. Several times a second the zygote looks at how much memory and disk its children use, and kills one that uses
too much. A child is ended here too, and its scratch folder removed with all that is in it. A confined child cannot reach
the zygote, the judge or other learners. When the judge dies, the control socket closes and the zygote ends; when the
zygote ends, its children get SIGKILL.

Judges side by side share one: it is the trunk, which forks a zygote for each of them, its branch. So the libraries are
imported, traced and loaded once for all, and lie in memory once.
"""

import contextlib
import dataclasses
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import tempfile
import threading
import warnings
from pathlib import Path

from autograders.sandbox import compiled, cores, scratch
from autograders.sandbox.compiled import Programs
from autograders.sandbox.forks import Fork
from autograders.sandbox.limits import Limits

LIBRARIES = (
    "IPython.core.application",
    "IPython.core.completerlib",
    "IPython.core.logger",
    "IPython.core.magics.execution",
    "IPython.core.magics.script",
    "IPython.core.oinspect",
    "autograders.display.notebook",
    "autograders.display.pictures",
    "flax.linen",
    "flax.training.train_state",
    "jax",
    "jax.experimental.multihost_utils",
    "jaxlib.mlir.dialects.mhlo",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "optax",
    "sklearn.datasets",
    "autograders.learner.serving",
    "autograders.sandbox.evaluator",
    "autograders.sandbox.traced",
    "autograders.sandbox.warmup",
)
LINUX_LIBRARIES = ("py_landlock", "pyseccomp")
WATCH_S = 0.2  # between two looks at what children use
FEW = 2  # learners, for whom it does not pay to start a backend beforehand: that takes as long as four of them save


@dataclasses.dataclass
class Backend:
    """The zygote's own, once `asked` for by some learners: how many threads the zygote has at most, and those of the
    backend's that are `held` back and start in the children only."""

    held: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    threads: int = 0
    asked: int = 0


backend = Backend()


def main(control: socket.socket, base: Path, uid: int) -> None:
    """What the zygote does: it becomes this user, imports what its children need, and takes orders."""
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    gc.disable()  # what is imported stays
    for name in LIBRARIES + (LINUX_LIBRARIES if sys.platform == "linux" else ()):
        importlib.import_module(name)
    _set_up(base)
    serve(control, base)


def serve(control: socket.socket, base: Path) -> None:
    """The zygote's loop: an order in, a fork or an end, an answer out; meanwhile children are watched."""
    forks: dict[int, Fork] = {}
    while True:
        ready, _, _ = select.select([control], [], [], WATCH_S if forks else None)
        if not ready:
            _watch(forks)
            continue
        message, descriptors, _, _ = socket.recv_fds(control, 2**16, 1)
        if not message:
            for fork in forks.values():
                fork.end()
            return
        order, answer = json.loads(message), None
        match order["do"]:
            case "prepare":
                _prepare(order)
            case "branch":
                _branch(order, descriptors[0], control, base)
            case "spawn":
                answer = _fork(order, descriptors, control, base, forks)
            case "end":
                answer = _end(order, forks)
        for descriptor in descriptors:
            os.close(descriptor)
        if answer:
            control.send(json.dumps(answer).encode())


def _set_up(base: Path) -> None:
    """What all children share: how JAX is set, a shell, and no work for the garbage collector."""
    import jax

    from autograders.learner import contexts, session
    from autograders.sandbox import rows

    os.chdir(base)
    session.prepare_environment()
    session.shell()
    jax.config.update("jax_cpu_enable_async_dispatch", False)  # a thread of its own for tiny programs takes longer
    jax.config.update("jax_traceback_in_locations_limit", 0)  # the same answer in another file is the same program
    contexts.share()
    rows.in_one_program()
    _freeze()


def _freeze() -> None:
    """Let the garbage collector, also one that was disabled, pass over all that there is now."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _watch(forks: dict[int, Fork]) -> None:
    for fork in forks.values():
        if not fork.cause and (cause := fork.overuse()):
            fork.cause = cause
            os.kill(fork.pid, signal.SIGKILL)


def _end(order: dict, forks: dict[int, Fork]) -> dict:
    fork = forks.pop(order["child"], None)
    return fork.end() if fork else {"error": "no such child"}


def _fork(order: dict, descriptors: list[int], control: socket.socket, base: Path, forks: dict[int, Fork]) -> dict:
    backend.asked += bool(order["library"])
    _prepare(order)
    trouble = _cannot_fork()
    if trouble:
        return {"error": trouble}
    folder = Path(tempfile.mkdtemp(prefix="learner-", dir=base))
    limits = Limits(**order["limits"])
    programs = _programs(order, folder)
    pid = os.fork()
    if pid == 0:
        control.close()
        _become(order, socket.socket(fileno=descriptors[0]), folder, limits, programs)
    forks[pid] = Fork(pid, folder, limits)
    return {"child": pid}


def _branch(order: dict, descriptor: int, trunk: socket.socket, base: Path) -> None:
    """Fork a zygote for the judge at the other end of this socket, who sees it closed where that cannot be.

    It and its children run on the judge's cores.
    """
    if _cannot_fork() or os.fork():
        return
    try:
        trunk.close()
        cores.stay_on(order["cores"])
        control, folder = socket.socket(fileno=descriptor), Path(tempfile.mkdtemp(prefix="branch-", dir=base))
        control.send(b"{}")
        serve(control, folder)
        scratch.remove(folder)
    finally:
        os._exit(0)


def _prepare(order: dict) -> None:
    """Start a backend beforehand, where that pays or somebody wants to know whether it can be done."""
    library = Path(order["library"]) if order["library"] else None
    if library and not backend.threads and (order["role"] == "prover" or _pays(library, order["expected"])):
        _warm(library)


def _pays(library: Path, expected: int) -> bool:
    """Whether many learners come or are expected, and it was tried here to fork beside a backend."""
    return max(backend.asked, expected) > FEW and compiled.proven(library)


def _warm(library: Path) -> None:
    """Start a backend, half of its threads held back, and call what the exercises need, as it was compiled before."""
    import jax

    from autograders.sandbox import threads, traced, warmup

    gc.disable()
    Programs(library).use()
    warnings.filterwarnings("ignore", ".*fork")  # JAX and Python know nothing of `threads`
    with threads.held_back("jaxlib") as noted:
        jax.devices()
    with contextlib.suppress(warmup.NotKept), warmup.never_compiling():
        warmup.run()
        traced.ahead()
    backend.held, backend.threads = noted, threads.count()
    _freeze()


def _cannot_fork() -> str:
    """Why a fork would hang, or an empty string."""
    from jax._src import xla_bridge  # no public name tells this without starting a backend

    from autograders.sandbox import threads

    if backend.threads:
        found = threads.count()
        if found > backend.threads:
            return "a thread has started in the zygote beside its backend's"
        backend.threads = found
        return "" if threads.asleep() else "the backend of the zygote is at work"
    if xla_bridge.backends_are_initialized():
        return "a JAX backend runs in the zygote"
    if threading.active_count() > 1:
        return f"{threading.active_count()} threads run in the zygote"
    return ""


def _programs(order: dict, folder: Path) -> Programs | None:
    """The compiled programs for a child: the library's to read, or a folder of its own that starts with them."""
    library = Path(order["library"]) if order["library"] else None
    if order["role"] in compiled.WARMERS:
        return Programs(folder / "programs", adds=True)
    return Programs(library) if library else None


def _become(order: dict, stream: socket.socket, folder: Path, limits: Limits, programs: Programs | None) -> None:
    """The child: confined, then serving until its judge hangs up; never returns."""
    from autograders.learner import serving, session
    from autograders.sandbox import evaluator, layers, threads, warmup

    try:
        os.setsid()
        os.chdir(folder)
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        kept = stream.fileno()
        os.closerange(3, kept)
        os.closerange(kept + 1, 4096)
        session.prepare_environment()
        readable, writable = [], [folder]
        if programs:
            programs.use()
            (writable if programs.adds else readable).append(programs.folder)
        active = layers.harden(limits, writable, readable, order["walls"])
        stream.sendall(json.dumps(active).encode() + b"\n")
        threads.start(backend.held)  # behind the walls, which each thread has of the one that starts it
        roles = {"learner": serving.serve, "evaluator": evaluator.serve, "prover": warmup.prove}
        roles |= {compiled.WARMERS[0]: warmup.serve, compiled.WARMERS[1]: warmup.serve_others}
        roles[order["role"]](stream)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3]))
