"""How long a learner waits: for `check("...")` in a notebook, for a command, for an import.

    python -m tests.benchmarks.waiting [ANSWERS]

For each exercise a kernel runs the solved notebook; then so many answers of the corpus, right and wrong ones in turn, are put
into its place, and each question is checked after each of them, as somebody who tries one answer after the other would.
"""

import itertools
import re
import statistics
import subprocess
import sys
import tempfile
import time

import nbformat
import typer
from jupyter_client.manager import start_new_kernel
from rich.console import Console
from rich.table import Table

from autograders import exercises
from tests.benchmarks.classes import answers
from tests.benchmarks.measuring import Number, p95
from tests.conftest import ROOT

CHECK = """
import time as _time
_started = _time.perf_counter()
check({question!r})
print("TOOK", _time.perf_counter() - _started)
"""
COMMANDS = {  # how often each is run
    "python -c 'import typer'": (7, "-c", "import typer"),
    "stateless --help": (7, "-m", "autograders.cli", "--help"),
    "python -c 'import autograders'": (7, "-c", "import autograders"),
    "python -c 'import jax, flax, optax'": (7, "-c", "import jax, flax, optax"),
    "stateless demo": (3, "-m", "autograders.cli", "demo"),
}


def checked(exercise: str, number: int) -> dict[str, list[float]]:
    """By question the seconds of its checks in one kernel; the first is that of the solution."""
    known = [question.id for question in exercises.load(exercise).automatic]
    cells = nbformat.read(ROOT / "solutions" / exercise / f"{exercise}.ipynb", 4).cells
    with tempfile.TemporaryDirectory() as scratch:
        manager, client = start_new_kernel(kernel_name="python3", cwd=scratch)
        try:
            for cell in cells:
                if cell.cell_type == "code" and not cell.source.startswith("check("):
                    shown(client, cell.source)
            found = {question: [took(client, question)] for question in known}
            for file in itertools.islice(answers(exercise), number):
                shown(client, file.read_text(encoding="utf-8"))
                for question in known:
                    found[question].append(took(client, question))
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    return found


def shown(client, source: str) -> str:
    """What running a cell prints."""
    said = []

    def hear(message: dict) -> None:
        if message["msg_type"] == "stream":
            said.append(message["content"]["text"])

    client.execute_interactive(source, output_hook=hear, timeout=300)
    return "".join(said)


def took(client, question: str) -> float:
    return float(re.search(r"TOOK (\S+)", shown(client, CHECK.format(question=question)))[1])


def seconds(number: int, *words: str) -> float:
    """The median of so many runs of a Python command, each in a new folder."""
    runs = []
    for _ in range(number):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            subprocess.run([sys.executable, *words], check=True, capture_output=True, cwd=folder)
            runs.append(time.perf_counter() - started)
    return statistics.median(runs)


def main(number: Number = 20) -> None:
    table = Table(
        "exercise", "question", "first", "median", "p95", "longest", title="Seconds for check(...) in a warm kernel"
    )
    for exercise in exercises.names():
        for question, runs in checked(exercise, number).items():
            later = runs[1:]
            figures = runs[0], statistics.median(later), p95(later), max(later)
            table.add_row(exercise, question, *(f"{figure:.2f}" for figure in figures))
    Console().print(table)
    commands = Table("command", "s", "times typer", title="Commands, medians of several runs")
    found = {name: seconds(*words) for name, words in COMMANDS.items()}
    for name, median in found.items():
        commands.add_row(name, f"{median:.2f}", f"{median / next(iter(found.values())):.2f}")
    Console().print(commands)


if __name__ == "__main__":
    typer.run(main)
