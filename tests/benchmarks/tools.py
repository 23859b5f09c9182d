"""The tools that are compared, each as its users run it; all grade notebooks with the same answers in them."""

import dataclasses
import functools
import itertools
import json
import shutil
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from autograders.course.room import fitting
from tests.benchmarks.in_kernel_asserts import ASSERTS
from tests.benchmarks.measuring import run

WRONG = (0, 1)  # pytest and we say with 1 that somebody failed


@dataclasses.dataclass(frozen=True)
class Tool:
    """A tool: how it grades these files of a course, with the seconds that each took, and what it does and does not check.

    `stock` says whether the course is one with asserts.
    """

    name: str
    grade: Callable[[Path, list[Path]], list[float]]
    stock: bool
    checks: str
    confined: str


def ours(course: Path, files: list[Path]) -> list[float]:
    printed = run("-m", "autograders.cli", "grade", "--json", *map(str, files), cwd=course, statuses=WRONG)
    return [json.loads(line)["usage"]["wall_s"] for line in printed.splitlines()]


def in_nbgrader(course: Path, files: list[Path]) -> list[float]:
    """One after the other; a submission takes from the end of the one before to its own."""
    seconds = []
    for name in dict.fromkeys(file.stem for file in files):
        started = time.time()
        run("-m", "nbgrader", "autograde", name, cwd=course)
        ends = sorted(file.stat().st_mtime for file in course.glob(f"autograded/*/{name}/{name}.ipynb"))
        seconds += [end - before for before, end in itertools.pairwise([started, *ends])]
    return seconds


def pytest_each(course: Path, files: list[Path]) -> list[float]:
    """A process for each submission, as many at once as there are cores."""
    scripts = [_script(file, course / "scripts" / f"{place}") for place, file in enumerate(files)]
    with ThreadPoolExecutor(fitting()) as pool:
        return list(pool.map(_pytest, scripts))


def _script(file: Path, folder: Path) -> Path:
    """A submission as a module, and the asserts as tests of it."""
    folder.mkdir(parents=True)
    cells = [cell for cell in json.loads(file.read_bytes())["cells"] if cell["cell_type"] == "code"]
    sources = [_text(c) for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") not in ASSERTS[file.stem]]
    (folder / "submission.py").write_text("\n\n".join(sources))
    tests = "\n\n".join(
        f"def test_{question}():\n" + "".join(f"    {line}\n" for line in asserts.split("\n"))
        for question, asserts in ASSERTS[file.stem].items()
    )
    (folder / "test_submission.py").write_text(f"import submission\nfrom submission import *\n\n\n{tests}")
    return folder


def _text(cell: dict) -> str:
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def _pytest(folder: Path) -> float:
    started = time.perf_counter()
    options = ("-q", "-p", "no:stateless", "-p", "no:cacheprovider", "--rootdir=.")
    run("-m", "pytest", *options, cwd=folder, statuses=(0, 1, 2))
    return time.perf_counter() - started


def otter(course: Path, files: list[Path]) -> list[float]:
    """`otter run` for one submission after the other, in the environment of the `otter` that is found.

    It wants another Jupyter than nbgrader, so it has an environment of its own: otter-grader, ipykernel, this package without
    its dependencies (`pip install --no-deps`), and those of them that its notebooks import.
    """
    seconds, run_there = [], functools.partial(run, python=str(Path(shutil.which("otter")).with_name("python")))
    for name in dict.fromkeys(file.stem for file in files):
        tests = course / f"otter-{name}" / "tests"
        tests.mkdir(parents=True)
        for question, asserts in ASSERTS[name].items():
            code = ">>> " + "\n... ".join(f"exec({asserts!r})".split("\n"))
            suites = [{"cases": [{"code": code}], "scored": True, "setup": "", "teardown": "", "type": "doctest"}]
            (tests / f"{question}.py").write_text(
                f"OK_FORMAT = True\ntest = {{'name': {question!r}, 'points': 1, 'suites': {suites!r}}}\n"
            )
        archive = tests.parent / "autograder.zip"
        run_there("-m", "otter", "generate", "-t", str(tests), "-o", str(archive), cwd=tests.parent)
        for file in (file for file in files if file.stem == name):
            started = time.perf_counter()
            run_there("-m", "otter", "run", "-a", str(archive), "-o", str(tests.parent), str(file), cwd=tests.parent)
            seconds.append(time.perf_counter() - started)
            if "Autograder Failed" in (tests.parent / "results.json").read_text():
                sys.exit(f"otter gave no result for {file}: does its environment have what the notebook imports?")
    return seconds


TOOLS = (
    Tool(
        "stateless grade",
        ours,
        False,
        "all: purity, jit, gradients, training, on inputs of its own",
        "yes, outside the sandbox",
    ),
    Tool("nbgrader, our steps", in_nbgrader, False, "the same", "the same"),
    Tool(
        "nbgrader, stock",
        in_nbgrader,
        True,
        "4 or 5 asserts, one value each",
        "no: asserts run beside the answers",
    ),
    Tool("pytest, a process each", pytest_each, True, "the same asserts", "no"),
    Tool("otter run", otter, True, "the same asserts", "no: in the learner's kernel"),
)
