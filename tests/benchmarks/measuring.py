"""What a command takes: wall clock, the processor time that the machine gives meanwhile, and the memory of its processes.

Processes that are killed in a namespace of their own leave no account of their time, so it is the machine's that is read:
let it do nothing else.
"""

import contextlib
import dataclasses
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import psutil
import typer

Number = Annotated[int, typer.Argument(min=1)]  # words of a benchmark's command line
Seed = Annotated[int, typer.Argument()]
Word = Annotated[str, typer.Argument()]
LOOKING_S = 2.0  # looking at the memory of a process holds it up for some milliseconds


@dataclasses.dataclass
class Spent:
    """Seconds of wall clock, seconds of processor, and at each look the MiB of memory (shared pages counted once)."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    mib: list[float] = dataclasses.field(default_factory=list)

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s, self.mib + other.mib)

    @property
    def peak_mib(self) -> float:
        """The most that a look found; the more looks, the more by chance."""
        return max(self.mib, default=0.0)

    @property
    def p95_mib(self) -> float:
        """What one look of twenty found at least, however many looks there were."""
        return p95(self.mib) if self.mib else 0.0


@contextlib.contextmanager
def measured(looking: bool = True) -> Iterator[Spent]:
    """What the machine and the child processes take that are started in this block; their memory, if it is looked at."""
    spent, before, started = Spent(), _busy(), time.perf_counter()
    with _looking_at_memory(spent) if looking else contextlib.nullcontext():
        yield spent
        spent.wall_s = time.perf_counter() - started
    spent.cpu_s = _busy() - before


@contextlib.contextmanager
def _looking_at_memory(spent: Spent) -> Iterator[None]:
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(spent, over))
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def p95(seconds: list[float]) -> float:
    """What one of twenty takes at least: the nearest rank."""
    return sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1]


def _busy() -> float:
    """Seconds that all processors of the machine have worked."""
    times = psutil.cpu_times()._asdict()
    idle = ("idle", "iowait", "steal", "guest", "guest_nice")  # guests are counted among the others already
    return sum(seconds for name, seconds in times.items() if name not in idle)


def _watch(spent: Spent, over: threading.Event) -> None:
    while not over.wait(LOOKING_S):
        spent.mib.append(sum(map(_memory, psutil.Process().children(recursive=True))) / 2**20)


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
