"""Times nbgrader's autograde on the same submissions, stock with in-kernel asserts and with our steps, in one run.

    python -m tests.benchmarks.against_nbgrader [SUBMISSIONS PER EXERCISE]

Prints seconds per submission and the ratio stock / ours, the two run in turn for each exercise. Seconds differ from machine
to machine; read the ratios. Stock runs a few asserts, ours all checks of the exercise in a confined process.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import nbformat
from rich.console import Console
from rich.table import Table

from autograders import exercises
from autograders.course.classroom import hand_in
from tests.benchmarks.in_kernel_asserts import ASSERTS
from tests.conftest import ROOT

STOCK = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
c.Execute.timeout = 120
"""


def nbgrader(folder: Path, *command: str) -> float:
    """Seconds of wall clock that one nbgrader command takes."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    words = [sys.executable, "-m", "nbgrader", *command]
    started = time.perf_counter()
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return time.perf_counter() - started


def course(folder: Path, stock: bool, names: Iterable[str] = tuple(exercises.names())) -> None:
    """A course of these exercises; a stock one has asserts in the place of `check(...)`."""
    settings = STOCK if stock else (ROOT / "nbgrader_config.py").read_text()
    folder.mkdir()
    (folder / "nbgrader_config.py").write_text(settings)
    for name in names:
        target = folder / "solutions" / name / f"{name}.ipynb"
        target.parent.mkdir(parents=True)
        notebook = nbformat.read(ROOT / "solutions" / name / f"{name}.ipynb", as_version=4)
        for cell in notebook.cells if stock else []:
            question = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if question in ASSERTS[name]:
                cell.source = ASSERTS[name][question]
        nbformat.write(notebook, target)
        nbgrader(folder, "generate_assignment", name)


def submit(folder: Path, name: str, count: int) -> None:
    """Right and wrong submissions in turn, no two alike."""
    files = sorted((ROOT / "tests" / "submissions" / name).glob("good__*.py"))[: count // 2]
    files += sorted((ROOT / "tests" / "submissions" / name).glob("bad__*.py"))[::3][: count - len(files)]
    for number, file in enumerate(files):
        target = folder / "submitted" / f"learner{number:03d}" / name / f"{name}.ipynb"
        target.parent.mkdir(parents=True)
        shutil.copyfile(folder / "assignments" / name / f"{name}.ipynb", target)
        hand_in(target, file)


def main(count: int) -> None:
    table = Table(
        "exercise", "stock, s each", "ours, s each", "stock / ours", title=f"{count} submissions of each exercise"
    )
    with tempfile.TemporaryDirectory() as scratch:
        folders = {"stock": Path(scratch, "stock"), "ours": Path(scratch, "ours")}
        for kind, folder in folders.items():
            course(folder, kind == "stock")
        for name in exercises.names():
            seconds = {}
            for kind, folder in folders.items():
                submit(folder, name, count)
                seconds[kind] = nbgrader(folder, "autograde", name) / count
            ratio = seconds["stock"] / seconds["ours"]
            table.add_row(name, f"{seconds['stock']:.2f}", f"{seconds['ours']:.2f}", f"{ratio:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
