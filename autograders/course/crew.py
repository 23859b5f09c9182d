"""Workers side by side: processes of this machine, each of which does one task after another."""

import collections
import contextlib
import functools
import gc
import multiprocessing
import multiprocessing.connection
import multiprocessing.util
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from typing import Any

from autograders.judge.learners import Engine
from autograders.sandbox import cores
from autograders.sandbox.limits import Limits
from autograders.sandbox.spawning import Trunk, Zygote
from autograders.sandbox.starting import WALLS

TRIES = 2

shared: list[Trunk] = []  # in a worker, what it has in common with the others


@functools.cache
def own_engine(walls: tuple[str, ...] = WALLS) -> Engine:
    """One engine for all that this process grades; it ends with the process.

    What there is before is not looked at again when garbage is collected, which takes 1 ms instead of 14.
    """
    made = Engine(walls=walls, trunk=next((trunk for trunk in shared if trunk.walls == walls), None))
    multiprocessing.util.Finalize(None, made.close, exitpriority=1)
    gc.collect()
    gc.freeze()
    return made


@contextlib.contextmanager
def trunk(workers: int, expected: int, walls: tuple[str, ...] = WALLS) -> Iterator[Trunk]:
    """What so many workers share that confine submissions behind these walls; it starts at once, before they do."""
    zygote = Zygote(Limits(), walls, branches=workers)
    zygote.expected = expected
    try:
        yield zygote.as_trunk()
    finally:
        zygote.close()


class NoWorkers(Exception):
    """Nobody is there who could grade; the message says what to do."""


class Crew:
    """So many places for tasks; each is a process of its own, so that one that dies takes nobody with it.

    Those that grade share the trunk, where there is one. If there are as many as cores, each has a core to itself: its
    processes wait for each other all the time, and to wake one on another core takes 5 % of their time.
    """

    def __init__(self, workers: int, trunk: Trunk | None = None):
        self.trunk, self.stopping = trunk, False
        self.cores: dict[Executor, list[int]] = {}
        each = [[core] for core in cores.own()]
        self.idle = list(map(self.worker, each if len(each) == workers else [[]] * workers))

    def worker(self, own: list[int]) -> Executor:
        """A new place for one task after another, on these cores; for none, on any."""
        made = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _start, (self.trunk, own))
        self.cores[made] = own
        return made

    def run(
        self, work: Callable[[Any], Any], tasks: Iterable, known: Callable[[Any], Any] = lambda task: None
    ) -> Iterator[tuple[Any, Any]]:
        """Each task with what is `known` of it or what `work` makes of it, as they are done; an exception if that fails twice.

        No more tasks are taken up than there are workers; none any more once `stopping` is set. A worker has its next
        task before what it made of the last one is looked at.
        """
        tasks, running, finished = iter(tasks), {}, queue.SimpleQueue()
        found: collections.deque[tuple[Any, Any]] = collections.deque()

        def hand_out(task: Any, tries: int) -> None:
            worker = self.idle.pop()
            future = worker.submit(work, task)
            running[future] = worker, task, tries
            future.add_done_callback(finished.put)

        def take_up() -> None:
            while self.idle and not (self.stopping or found) and (task := next(tasks, None)) is not None:
                if (before := known(task)) is not None:
                    found.append((task, before))
                else:
                    hand_out(task, 0)

        while True:
            take_up()
            while found:
                yield found.popleft()
                take_up()
            if not running:
                return
            done: Future = finished.get()
            worker, task, tries = running.pop(done)
            trouble = done.exception()
            worker, cost = self.replaced(worker, trouble)
            self.idle.append(worker)
            if trouble and tries + cost < TRIES:
                hand_out(task, tries + cost)
            else:
                take_up()
                yield task, trouble or done.result()

    def replaced(self, worker: Executor, trouble: BaseException | None) -> tuple[Executor, int]:
        """The place from now on, a new one where the old one broke; and how many tries what went wrong costs the task."""
        return self.worker(self.cores.pop(worker)) if isinstance(trouble, BrokenExecutor) else worker, 1

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *_) -> None:
        for worker in self.idle:
            worker.shutdown(cancel_futures=True)


def _start(trunk: Trunk | None, own: list[int]) -> None:
    """What a worker does first: it leaves Ctrl-C to the process that hands out the tasks, and ends with that one."""
    cores.stay_on(own)
    shared.extend([trunk] if trunk else [])
    signal.signal(signal.SIGINT, lambda *_: None)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)
