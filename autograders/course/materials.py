"""The instructor's folder: source notebooks with their solutions. It is never part of what gets installed."""

import functools
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from autograders import exercises
from autograders.judge.submissions import demonstration
from autograders.learner.messages import StandIn

if TYPE_CHECKING:
    import nbformat


class NoMaterials(Exception):
    """The instructor's folder is needed and was not found."""


def find(folder: Path | None = None) -> Path:
    """The repository with `solutions/`: the folder given, this one, or the checkout that the package runs from.

    Raises NoMaterials with advice.
    """
    candidates = [folder] if folder else [Path.cwd(), Path(exercises.__file__).resolve().parents[2]]
    for candidate in candidates:
        if (candidate / "solutions").is_dir():
            return candidate
    raise NoMaterials(
        "No solutions/ folder here. It is the instructor's and is never installed with the package: "
        "run this command in a clone of the repository, or name the clone with --materials FOLDER."
    )


def text_to_notebook(text: Path) -> "nbformat.NotebookNode":
    """The source notebook that a percent file stands for; the same bytes in, the same notebook out."""
    import jupytext

    notebook = jupytext.read(text)
    notebook.metadata.pop("jupytext", None)
    for place, cell in enumerate(notebook.cells):
        graded = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.id = re.sub(r"[^a-zA-Z0-9_-]", "-", graded) if graded else f"cell-{place:03d}"
        if cell.cell_type == "code" and not graded and "setup" not in cell.metadata.get("tags", []):
            cell.metadata |= demonstration(cell.source)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def write_notebooks(solutions: Path) -> list[Path]:
    """Write the notebook beside each percent file in `solutions/<exercise>/`."""
    written = []
    for text in sorted(solutions.glob("*/*.py")):
        notebook = text.with_suffix(".ipynb")
        notebook.write_text(dump(text_to_notebook(text)), encoding="utf-8")
        written.append(notebook)
    return written


def dump(notebook: "nbformat.NotebookNode") -> str:
    """A notebook as nbformat writes it."""
    import nbformat

    return nbformat.writes(notebook, version=4) + "\n"


class Solution(msgspec.Struct, frozen=True):
    """An exercise's solution as a source of stand-ins: its code cells in order, each with its question.

    Cells that set up have the question ``. Without cells nothing stands in for a learner's own earlier answers.
    """

    exercise: str
    cells: tuple[tuple[str, str], ...] = ()

    def __call__(self, questions: tuple[str, ...]) -> StandIn | None:
        """The answers to some questions, with what they need to be defined."""
        if not self.cells:
            return None
        needed = {"", *_with_foundations(self.exercise, questions)}
        known = exercises.manifest(self.exercise).questions
        names = tuple(name for q in known if q.id in questions for name in q.defines)
        return StandIn(tuple(source for question, source in self.cells if question in needed), names)


def solution(solutions: Path | None, exercise: str) -> Solution:
    """An exercise's solution; an empty one where there is none."""
    notebook = solutions / exercise / f"{exercise}.ipynb" if solutions else None
    if notebook is None or not notebook.is_file():
        return Solution(exercise)
    return _read(notebook, exercise, notebook.stat().st_mtime_ns)


@functools.cache
def _read(notebook: Path, exercise: str, _changed: int) -> Solution:
    answers = {f"{question.id}_answer": question.id for question in exercises.manifest(exercise).questions}
    cells = []
    for cell in json.loads(notebook.read_bytes())["cells"]:
        id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if cell["cell_type"] == "code" and ("setup" in cell["metadata"].get("tags", []) or id in answers):
            cells.append((answers.get(id, ""), "".join(cell["source"])))
    return Solution(exercise, tuple(cells))


def _with_foundations(exercise: str, questions: tuple[str, ...]) -> set[str]:
    """These questions and all that they build on."""
    needed, known = set(questions), {q.id: q for q in exercises.manifest(exercise).questions}
    while more := {b for q in needed for b in known[q].builds_on} - needed:
        needed |= more
    return needed
