"""Kills runs over a class at random moments, and compares what is in the gradebook in the end.

    python -m tests.benchmarks.kills [KILLS] [LEARNERS] [SEED]

In each round a class is graded, by `nbgrader autograde` and by `stateless grade submitted` in turn, and one of its processes,
whichever it is, gets `kill -9` again and again: the grader, a worker, the zygote, its walls, a submission's process. Then one
more run ends the work. Nobody may be lost, nobody be there twice, and nothing differ from a run that nobody disturbed.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil
import typer
from nbgrader.api import Gradebook
from rich.console import Console

from tests.benchmarks.classes import NBGRADER, course, submit
from tests.benchmarks.measuring import Number, Seed, run
from tests.helpers import without_usage

EXERCISE = "counter"
ZYGOTE = "autograders.sandbox.zygote"
COMMANDS = ((*NBGRADER, "autograde", EXERCISE), ("-m", "autograders.cli", "grade", "submitted"))
A_ROUND = 10  # kills, over a class that is graded in as long
LONGEST_S = 8.0  # between two kills


def outcome(folder: Path) -> dict[str, list]:
    """By learner, all scores in the gradebook, and the result without what was used."""
    found: dict[str, list] = {}
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        for submission in gradebook.assignment_submissions(EXERCISE):
            scores = [
                [grade.name, grade.auto_score, grade.needs_manual_grade] for grade in submission.notebooks[0].grades
            ]
            found.setdefault(submission.student.id, []).append(
                [*sorted(scores), result_of(folder, submission.student.id)]
            )
    return found


def result_of(folder: Path, learner: str) -> dict:
    notebook = json.loads((folder / "autograded" / learner / EXERCISE / f"{EXERCISE}.ipynb").read_bytes())
    return without_usage(notebook["metadata"]["stateless_result"])


def apart(got: list, want: list) -> str:
    """The first thing in which two outcomes differ, whatever they are made of."""
    if type(got) is not type(want) or not isinstance(got, (dict, list)):
        return f"{got!r} for {want!r}"[:300]
    pairs = got.items() if isinstance(got, dict) else enumerate(got)
    other = want if isinstance(want, dict) else dict(enumerate(want))
    found = (f"{place}: {apart(one, other.get(place))}" for place, one in pairs if one != other.get(place))
    return next(found, f"{len(want) - len(got)} fewer")


def disturbed(folder: Path, command: tuple[str, ...], kills: int, chance: random.Random) -> Counter[str]:
    """Grade the class with so many kills, then to the end; which kinds of processes were killed."""
    killed: Counter[str] = Counter()
    grader = None
    while killed.total() < kills:
        if grader is None or grader.poll() is not None:
            grader = start(folder, command)
        time.sleep(chance.uniform(0, LONGEST_S))
        try:
            there = by_kind(grader.pid)
            kind = min(sorted(there), key=lambda one: (killed[one], chance.random()))  # of which fewest were killed
            there[kind].send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue
        killed[kind] += 1
        if kind == "grader":
            grader.wait()
    grader.wait()
    run(*command, cwd=folder)
    return killed


def start(folder: Path, command: tuple[str, ...]) -> subprocess.Popen:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, *command], cwd=folder, env=environment, **silent)


def by_kind(grader: int) -> dict[str, psutil.Process]:
    """One process of each kind that there is at this moment."""
    found = {"grader": psutil.Process(grader)}
    for process in found["grader"].children(recursive=True):
        found[kind_of(process)] = process
    return found


def kind_of(process: psutil.Process) -> str:
    if process.name() == "bwrap":
        return "walls"
    if ZYGOTE not in process.cmdline():
        return "worker"
    return "submission" if ZYGOTE in process.parent().cmdline() and process.parent().name() != "bwrap" else "zygote"


def main(kills: Number = 100, learners: Number = 60, seed: Seed = 0) -> None:
    chance, killed, faults = random.Random(seed), Counter(), []
    with tempfile.TemporaryDirectory() as scratch:
        fresh, calm = Path(scratch, "fresh"), Path(scratch, "calm")
        course(fresh, stock=False, names=(EXERCISE,))
        submit(fresh, EXERCISE, learners)
        (fresh / ".stateless_seed").write_text(f"kills {seed}")
        shutil.copytree(fresh, calm)
        run(*NBGRADER, "autograde", EXERCISE, cwd=calm)
        want = outcome(calm)
        while killed.total() < kills:
            round_ = Path(scratch, f"round {killed.total()}")
            shutil.copytree(fresh, round_)
            command = COMMANDS[killed.total() // A_ROUND % 2]
            killed += disturbed(round_, command, min(A_ROUND, kills - killed.total()), chance)
            got = outcome(round_)
            faults += [f"{who}: lost" for who in want if who not in got]
            faults += [f"{who}: {len(rows)} times" for who, rows in got.items() if len(rows) != 1]
            faults += [f"{who}: {apart(rows, want[who])}" for who, rows in got.items() if rows != want[who]]
            Console().print(
                f"{killed.total()} kills ({dict(killed)}), {len(got)} of {learners} learners, faults: {faults}"
            )
    raise typer.Exit(1 if faults else 0)


if __name__ == "__main__":
    typer.run(main)
