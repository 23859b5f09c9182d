"""What a command takes: wall clock, processor time of all its processes, and the memory that they hold at once."""

import contextlib
import ctypes
import dataclasses
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

SUBREAPER = 36  # of prctl: who loses its parent becomes a child of ours, so that its time is counted
LOOKING_S = 0.3


@dataclasses.dataclass
class Spent:
    """Seconds of wall clock, seconds of processor, and MiB of memory at the highest (shared pages counted once)."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mib: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s, max(self.peak_mib, other.peak_mib))


@contextlib.contextmanager
def measured() -> Iterator[Spent]:
    """What the child processes that are started in this block take."""
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    spent, before, started, over = Spent(), _children(), time.perf_counter(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(spent, over))
    watcher.start()
    try:
        yield spent
    finally:
        spent.wall_s = time.perf_counter() - started
        over.set()
        watcher.join()
        _reap()
        spent.cpu_s = _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _watch(spent: Spent, over: threading.Event) -> None:
    while not over.wait(LOOKING_S):
        spent.peak_mib = max(spent.peak_mib, sum(map(_memory, psutil.Process().children(recursive=True))) / 2**20)


def _memory(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except (psutil.Error, OSError):
        return 0


def run(*words: str, cwd: Path, statuses: tuple[int, ...] = (0,), python: str = sys.executable) -> str:
    """What a Python command prints; ends the benchmark with what it said on stderr where it fails."""
    environment = {**os.environ, "PATH": f"{Path(python).parent}:{os.environ['PATH']}"}
    done = subprocess.run([python, *words], cwd=cwd, env=environment, capture_output=True, text=True)
    if done.returncode not in statuses:
        sys.exit(f"{' '.join(words)} failed ({done.returncode}):\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}")
    return done.stdout
