"""Grades a class on four Dask workers, of which one is killed at a random moment, and compares with this machine alone.

python -m tests.benchmarks.dask_workers [COUNT] [SEED]
"""

import json
import random
import shutil
import signal
import tempfile
import threading
import time
from pathlib import Path

import typer

from tests import clusters
from tests.benchmarks.classes import course, mixed
from tests.benchmarks.measuring import Number, Seed, run
from tests.helpers import without_usage

WORKERS = 4


def results(course: Path, *options: str) -> list[dict]:
    """The JSON documents of what was handed in, in order, without what was used."""
    words = ("-m", "autograders.cli", "grade", "submitted", "--json", *options)
    return [without_usage(json.loads(line)) for line in run(*words, cwd=course).splitlines()]


def main(count: Number = 200, seed: Seed = 0) -> None:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as scratch:
        here, there = Path(scratch, "here"), Path(scratch, "there")
        course(here, stock=False)
        mixed(here, count)
        (here / ".stateless_seed").write_text(f"of class {seed}")
        shutil.copytree(here, there)
        started = time.perf_counter()
        wanted = results(here)
        took = time.perf_counter() - started
        with clusters.scheduler() as address, clusters.workers(address, WORKERS) as processes:
            victim, moment = chance.choice(processes), chance.uniform(0.1, 0.9) * took
            killing = threading.Timer(moment, victim.send_signal, [signal.SIGKILL])
            killing.start()
            started = time.perf_counter()
            got = results(there, "--scheduler", address)
            took_there = time.perf_counter() - started
            killing.cancel()
            died = not victim.is_running() or victim.status() == "zombie"
    different = [one["source"] for one, other in zip(got, wanted, strict=False) if one != other]
    print(
        f"{count} submissions: {took:.0f} s here, {took_there:.0f} s with {WORKERS} workers, one of them killed after {moment:.0f} s."
    )
    print(f"{len(got)} results of {len(wanted)}, {len(different)} differ: {different[:5]}; the worker died: {died}")
    raise typer.Exit(0 if died and len(got) == len(wanted) == count and not different else 1)


if __name__ == "__main__":
    typer.run(main)
