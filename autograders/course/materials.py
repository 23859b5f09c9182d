"""The instructor's folder: source notebooks with their solutions. It is never part of what gets installed."""

import re
from collections.abc import Callable
from pathlib import Path

import jupytext
import nbformat

from autograders import exercises
from autograders.learner.messages import StandIn


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


def text_to_notebook(text: Path) -> nbformat.NotebookNode:
    """The source notebook that a percent file stands for; the same bytes in, the same notebook out."""
    notebook = jupytext.read(text)
    notebook.metadata.pop("jupytext", None)
    for place, cell in enumerate(notebook.cells):
        graded = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.id = re.sub(r"[^a-zA-Z0-9_-]", "-", graded) if graded else f"cell-{place:03d}"
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


def dump(notebook: nbformat.NotebookNode) -> str:
    """A notebook as nbformat writes it."""
    return nbformat.writes(notebook, version=4) + "\n"


def references(solutions: Path | None) -> Callable[[str, tuple[str, ...]], StandIn | None]:
    """A source of stand-ins: the solution's answers to some questions, with what they need to be defined.

    Without a solutions folder there are none, and every question is judged with the learner's own earlier answers.
    """

    def stand_in(exercise: str, questions: tuple[str, ...]) -> StandIn | None:
        notebook = solutions / exercise / f"{exercise}.ipynb" if solutions else None
        if notebook is None or not notebook.is_file():
            return None
        known = exercises.manifest(exercise).questions
        needed = _with_foundations(exercise, questions)
        names = tuple(name for q in known if q.id in questions for name in q.defines)
        return StandIn(tuple(_sources(nbformat.read(notebook, as_version=4), needed)), names)

    return stand_in


def _with_foundations(exercise: str, questions: tuple[str, ...]) -> set[str]:
    """These questions and all that they build on."""
    needed, known = set(questions), {q.id: q for q in exercises.manifest(exercise).questions}
    while more := {b for q in needed for b in known[q].builds_on} - needed:
        needed |= more
    return needed


def _sources(notebook: nbformat.NotebookNode, questions: set[str]) -> list[str]:
    """The code of the setup cells and of the answers to these questions, in order."""
    wanted = {f"{question}_answer" for question in questions}
    return [
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code"
        and ("setup" in cell.metadata.get("tags", []) or cell.metadata.get("nbgrader", {}).get("grade_id") in wanted)
    ]
