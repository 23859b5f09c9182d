"""Courses and classes for benchmarks: right and wrong answers from the corpus, and no two files alike."""

import itertools
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from autograders import exercises
from autograders.course.classroom import hand_in
from tests.benchmarks.in_kernel_asserts import ASSERTS
from tests.benchmarks.measuring import run
from tests.conftest import ROOT

STOCK = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
c.Execute.timeout = 120
"""
NBGRADER = ("-m", "nbgrader")


def course(folder: Path, stock: bool, names: Iterable[str] = tuple(exercises.names())) -> None:
    """A course of these exercises; a stock one has asserts in the place of `check(...)`."""
    folder.mkdir()
    (folder / "nbgrader_config.py").write_text(STOCK if stock else (ROOT / "nbgrader_config.py").read_text())
    for name in names:
        target = folder / "solutions" / name / f"{name}.ipynb"
        target.parent.mkdir(parents=True)
        notebook = nbformat.read(ROOT / "solutions" / name / f"{name}.ipynb", as_version=4)
        for cell in notebook.cells if stock else []:
            question = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if question in ASSERTS[name]:
                cell.source = ASSERTS[name][question]
        nbformat.write(notebook, target)
        run(*NBGRADER, "generate_assignment", name, cwd=folder)


def answers(name: str) -> Iterator[Path]:
    """Answer files of an exercise, a right one and a wrong one in turn, again and again."""
    folder = ROOT / "tests" / "submissions" / name
    right, wrong = (sorted(folder.glob(f"{kind}__*.py")) for kind in ("good", "bad"))
    spread = [wrong[i * 7 % len(wrong)] for i in range(len(wrong))]  # neighbours in the folder fail the same check
    yield from itertools.chain.from_iterable(zip(itertools.cycle(right), itertools.cycle(spread), strict=False))


def submit(folder: Path, name: str, count: int, first: int = 0, answered: int | None = None) -> list[Path]:
    """So many submissions of an exercise, by learners with numbers from `first` on, with so many answers; the files."""
    made = []
    given = itertools.cycle(itertools.islice(answers(name), answered or count))
    for number, file in enumerate(itertools.islice(given, count), first):
        target = folder / "submitted" / f"learner{number:04d}" / name / f"{name}.ipynb"
        target.parent.mkdir(parents=True)
        shutil.copyfile(folder / "assignments" / name / f"{name}.ipynb", target)
        hand_in(target, file)
        sign(target, number)
        made.append(target)
    return made


def sign(notebook: Path, number: int) -> None:
    """Let a learner add a cell of their own: a comment and a number that nobody else has, which is computed with."""
    content = nbformat.read(notebook, as_version=4)
    content.cells.append(new_code_cell(f"# notes of learner {number}\njnp.float32({number}) + 0.5"))
    nbformat.write(content, notebook)


def mixed(folder: Path, count: int, answered: int = 0) -> list[Path]:
    """A class that has handed in so many notebooks in all, of each exercise as many; its answers are those of a class of `answered`."""
    pairs = zip(exercises.names(), shares(count), shares(answered or count), strict=True)
    return [file for name, share, first in pairs for file in submit(folder, name, share, answered=first)]


def shares(count: int) -> list[int]:
    """How many notebooks each exercise gets."""
    number = len(exercises.names())
    return [count // number + (place < count % number) for place in range(number)]
