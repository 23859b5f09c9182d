"""The graded notebook, as feedback and formgrader show it: nbgrader's cells mended, outputs and verdicts in their places."""

import functools
import json
from collections.abc import Iterable
from typing import Any

import msgspec
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader import utils
from nbgrader.preprocessors import CheckCellMetadata, ClearOutput, NbGraderPreprocessor, OverwriteCells
from traitlets.config import Config

from autograders import exercises
from autograders.course.cleaning import harmless_output, only_known
from autograders.course.released import Known
from autograders.course.results import Graded
from autograders.display import html, text
from autograders.judge.verdicts import QuestionResult, Result
from autograders.learner.messages import Ran

KEPT = "stateless_result"  # where the result stands in the graded notebook's metadata


class Restored(OverwriteCells):
    """nbgrader's OverwriteCells, with what was read of a released notebook in the place of a gradebook."""

    def __init__(self, known: Known, **settings):
        super().__init__(**settings)
        self.gradebook, self.notebook_id, self.assignment_id = known, known.notebook.name, ""

    def preprocess(self, nb, resources):
        nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
        if self.add_missing_cells:
            nb, resources = self.add_missing_grade_cells(nb, resources)
            nb, resources = self.add_missing_task_cells(nb, resources)
        return nb, resources


def mend(nb: NotebookNode, known: Known) -> None:
    """Keep what nbgrader knows of its cells once, in a form it can read: one learner's cells must not stop a class."""
    missing = dict(known.sources)
    for cell in reversed(nb.cells):
        told = cell.metadata.get("nbgrader")
        found = missing.pop(str(told.get("grade_id")), None) if isinstance(told, dict) else None
        if found is None:
            cell.metadata.pop("nbgrader", None)
            continue
        told["schema_version"] = 3
        if not isinstance(told.get("points", 0), (int, float)):
            told["points"] = 0  # nbgrader puts the right number back
    about = {"schema_version": 3, "solution": True, "grade": False, "locked": False, "task": False}
    for id in sorted(set(missing) & (set(known.answers) - set(known.graded))):  # nbgrader adds graded cells anew
        nb.cells.append(new_code_cell("", metadata={"nbgrader": {**about, "grade_id": id}}))
    nb.metadata = only_known(nb.metadata)


def restore(nb: NotebookNode, known: Known, config: Config) -> NotebookNode:
    """The mended notebook as nbgrader's own steps leave it: without outputs, and with the cells that were released."""
    if known.kernelspec:
        nb.metadata["kernelspec"] = known.kernelspec
    for step in (ClearOutput(config=config), Restored(known, config=config)):
        nb, _ = step.preprocess(nb, {})
    _check(json.dumps([[cell.cell_type, cell.metadata.get("nbgrader")] for cell in nb.cells]))
    return nbformat.from_dict(nb)  # cells that were added are plain dicts inside


@functools.lru_cache(1000)
def _check(cells: str) -> None:
    """Raises what nbgrader raises for cells that it cannot grade; most notebooks of a class have the same."""
    made = [
        {"cell_type": kind, "source": "", "metadata": {"nbgrader": told} if told else {}}
        for kind, told in json.loads(cells)
    ]
    CheckCellMetadata().preprocess(nbformat.from_dict({"cells": made, "metadata": {}}), {})


def content(nb: NotebookNode) -> bytes:
    """What a mended notebook's hash is made of: its cells, whatever metadata and outputs came with them."""
    return json.dumps([[cell.cell_type, cell.source] for cell in nb.cells]).encode()


def show(nb: NotebookNode, graded: Graded) -> None:
    """Put into the notebook what its cells showed, the verdicts, and the whole result."""
    show_outputs(nb, graded.ran)
    if graded.result.exercise:
        show_verdicts(nb, graded.result)
    nb.metadata[KEPT] = msgspec.to_builtins(graded.result)


def show_outputs(nb: NotebookNode, ran: dict[int, Ran]) -> None:
    """Put what the cells showed into the notebook."""
    for number, (index, cell) in enumerate(((i, c) for i, c in enumerate(nb.cells) if c.cell_type == "code"), 1):
        cell.outputs, cell.execution_count = shown(ran[index].outputs) if index in ran else [], number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number


def shown(outputs: Iterable[str]) -> list[NotebookNode]:
    """The outputs that a notebook file can hold; without anything else that the learner's process sent."""
    read = [node for node in map(_read, outputs) if node is not None]
    valid = read if _are_outputs(read) else [node for node in read if _are_outputs([node])]
    return [harmless_output(node) for node in valid]


def _read(output: str) -> Any:
    try:
        # A lone surrogate is JSON and a Python string, but no UTF-8: the notebook could not be written.
        encoded = json.dumps(json.loads(output), ensure_ascii=False).encode("utf-8", "replace")
        return nbformat.from_dict(json.loads(encoded))
    except (TypeError, ValueError, RecursionError):
        return None


def _are_outputs(nodes: list) -> bool:
    """Whether a cell may hold them; a whole notebook is validated much faster than a part of one."""
    cell = {"cell_type": "code", "metadata": {}, "source": "", "execution_count": None, "outputs": nodes}
    try:
        nbformat.validate({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    except (TypeError, ValueError, RecursionError, nbformat.ValidationError):
        return False
    return True


def show_verdicts(nb: NotebookNode, result: Result) -> None:
    """Replace the output of each check cell by the verdict on its question."""
    found = {q.id: q for q in result.questions}
    exercise = exercises.manifest(result.exercise)
    titles = {q.id: q.title for q in exercise.questions}
    for cell in nb.cells:
        id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if id in found and utils.is_grade(cell) and cell.cell_type == "code":
            cell.outputs = [display(found[id], titles[id])]


def display(question: QuestionResult, title: str) -> NotebookNode:
    """A question's verdict as a notebook output, HTML and plain text."""
    data = {"text/html": html.question(question, title), "text/plain": text.question(question, title)}
    return nbformat.from_dict({"output_type": "display_data", "data": data, "metadata": {}})
