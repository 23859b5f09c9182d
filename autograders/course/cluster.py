"""Workers on other machines: those of a Dask scheduler, each with a sandbox and a judge of its own.

A worker grades one submission at a time, and says with each what it grades with. One that has other versions than the
machine which asks, or cannot confine a submission, is sent away, and its submission goes to another.
"""

import functools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor
from typing import Any

from distributed import Client, get_worker

from autograders import exercises
from autograders.course import crew
from autograders.course.crew import Crew, NoWorkers
from autograders.judge import grading
from autograders.judge.learners import TooWeak

CONNECT_S = 10.0
one_at_a_time = threading.Lock()


class Unfit(Exception):
    """A worker must not grade for this machine; its address and why."""


def about() -> tuple:
    """What results depend on besides the submission: packages, checks, and the backend."""
    return grading.versions(), {name: grading.grader(name) for name in exercises.names()}, grading.backend()


def difference(here: tuple, there: tuple) -> str:
    """What another machine grades with that is different; empty where nothing is."""
    packages = [
        f"{name} {there[0].get(name)} (here {version})"
        for name, version in here[0].items()
        if there[0].get(name) != version
    ]
    checks = [f"other checks of {name}" for name, version in here[1].items() if there[1].get(name) != version]
    backend = [f"backend {there[2]} (here {here[2]})"] if here[2] != there[2] else []
    return ", ".join(packages + checks + backend)


def there(work: Callable[[Any], Any], wanted: tuple, accept_weak: bool, task: Any) -> Any:
    """A task done in this worker. Raises Unfit where this worker must not do it."""
    with one_at_a_time:
        reason = difference(wanted, about())
        try:
            if not reason:
                crew.own_engine().require_confinement(accept_weak)
                return work(task)
        except TooWeak as weak:
            reason = str(weak)
        raise Unfit(get_worker().address, reason)


class Cluster(Crew):
    """The workers of a scheduler, as many as there are at any moment."""

    def __init__(self, address: str, accept_weak: bool):
        self.address, self.accept_weak, self.sent_away = address, accept_weak, {}
        try:
            self.client = Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise NoWorkers(
                f"No Dask scheduler answers at {address} ({error}). Start one with `dask scheduler`, and workers with "
                "`dask worker ADDRESS --nworkers 4 --nthreads 1`; then try again. Nothing was graded."
            ) from error
        super().__init__(0)
        self.hired = 0
        self.hire()

    def worker(self, own: Sequence[int] = ()) -> Executor:
        return self.client.get_executor(pure=False)

    def hire(self) -> None:
        """Places for all workers that there are now. Raises NoWorkers where there is none for a while."""
        try:
            self.client.wait_for_workers(1, timeout=CONNECT_S)
        except TimeoutError as error:
            away = "; ".join(f"{address}: {why}" for address, why in self.sent_away.items())
            raise NoWorkers(
                f"The scheduler at {self.address} has no worker{f' that may grade ({away})' if away else ''}. Start some: "
                f"`dask worker {self.address} --nworkers 4 --nthreads 1`. With --results, or in a course, what was graded is kept."
            ) from error
        while self.hired < len(self.client.nthreads()):  # one each: who waits behind one that kills is killed with it
            self.idle.append(self.worker())
            self.hired += 1

    def run(
        self, work: Callable[[Any], Any], tasks: Iterable, known: Callable[[Any], Any] = lambda task: None
    ) -> Iterator[tuple[Any, Any]]:
        graded_there = functools.partial(there, work, about(), self.accept_weak)
        try:
            yield from super().run(graded_there, tasks, known)
        except CancelledError as error:
            raise NoWorkers(
                f"The scheduler at {self.address} is gone. With --results, or in a course, what was graded is kept: when it "
                "is back, the same command goes on from here."
            ) from error

    def replaced(self, worker: Executor, trouble: BaseException | None) -> tuple[Executor, int]:
        """An unfit worker is sent away, which is no try of the task's."""
        if isinstance(trouble, Unfit):
            address, why = trouble.args
            self.sent_away[address] = why
            self.client.retire_workers([address], close_workers=True)
        self.hire()
        return worker, 0 if isinstance(trouble, Unfit) else 1

    def __exit__(self, *_) -> None:
        self.client.close()
