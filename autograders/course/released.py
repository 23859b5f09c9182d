"""What nbgrader knows of a released assignment, read from the gradebook once for all its submissions."""

import dataclasses
import datetime
import json

from nbgrader.api import Assignment, Gradebook, GradeCell, MissingEntry, Notebook, SourceCell, TaskCell


class NotReleased(Exception):
    """The gradebook does not know an assignment; the message says what to do."""


class Known:
    """A released notebook. It answers like nbgrader's Gradebook, for this notebook alone."""

    def __init__(self, notebook: Notebook):
        self.notebook = notebook
        self.sources = {cell.name: cell for cell in notebook.source_cells}
        self.graded = {cell.name: cell for cell in [*notebook.grade_cells, *notebook.task_cells]}
        self.answers = {cell.name: cell for cell in [*notebook.solution_cells, *notebook.task_cells]}
        self.max_scores = {name: cell.max_score for name, cell in self.graded.items()}

    @property
    def kernelspec(self) -> dict | None:
        return json.loads(self.notebook.kernelspec) if self.notebook.kernelspec else None

    def find_notebook(self, *_: str) -> Notebook:
        return self.notebook

    def find_source_cell(self, name: str, *_: str) -> SourceCell:
        if name not in self.sources:
            raise MissingEntry(name)
        return self.sources[name]

    def find_graded_cell(self, name: str, *_: str) -> GradeCell | TaskCell:
        return self.graded[name]


@dataclasses.dataclass(frozen=True)
class Released:
    """An assignment: its row in the gradebook, when it is due, and its notebooks by name."""

    name: str
    id: str
    due: datetime.datetime | None
    notebooks: dict[str, Known]


def read(gradebook: Gradebook, name: str) -> Released:
    """An assignment as it was released. Raises NotReleased where the gradebook does not know it."""
    found = gradebook.db.query(Assignment).filter(Assignment.name == name).one_or_none()
    if found is None or not found.notebooks:
        raise NotReleased(
            f"The gradebook knows no assignment {name!r}. Make it first: nbgrader generate_assignment {name}"
        )
    known = {notebook.name: Known(notebook) for notebook in found.notebooks}
    made = Released(name, found.id, found.duedate, known)
    gradebook.db.expunge_all()  # what was read stays as it is, and is not read again
    return made
