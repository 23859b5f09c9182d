"""A Dask scheduler and its workers, as processes of their own."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil

from autograders.course import cluster
from tests.conftest import ROOT

SETTINGS = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1", "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}


@contextlib.contextmanager
def dask(*words: str) -> Iterator[subprocess.Popen]:
    """One of Dask's own commands, for as long as the block lasts."""
    command = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
    started = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **SETTINGS}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        yield started
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in psutil.Process(started.pid).children(recursive=True):
                process.kill()
        started.kill()
        started.stderr.close()
        started.wait()


@contextlib.contextmanager
def scheduler() -> Iterator[str]:
    """The address of a scheduler without workers."""
    with dask("scheduler", "--host", "127.0.0.1", "--port", "0") as started:
        for line in started.stderr:
            if found := re.search(r"Scheduler at:\s+(tcp://\S+)", line):
                yield found[1]
                return


@contextlib.contextmanager
def workers(scheduler: str, number: int, *options: str) -> Iterator[list[psutil.Process]]:
    """So many workers more, each with one thread; their processes."""
    with cluster.Client(scheduler, set_as_default=False) as client:
        others = set(client.nthreads())
        with dask("worker", scheduler, "--nworkers", str(number), "--nthreads", "1", *options):
            client.wait_for_workers(len(others) + number, timeout=60)
            yield [psutil.Process(pid) for address, pid in client.run(os.getpid).items() if address not in others]
        while set(client.nthreads()) - others:
            time.sleep(0.1)
