"""From `solutions/` to `assignments/`, with nbgrader's own generate_assignment."""

import tempfile
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from nbgrader.preprocessors import ClearSolutions

from autograders import exercises
from autograders.course.folders import settings
from autograders.course.materials import write_notebooks


class ReleaseFailed(Exception):
    """nbgrader could not make an assignment; its log is in the message."""


class ClearAnswers(ClearSolutions):
    """nbgrader's ClearSolutions, where a cell may bring a stub of its own in its metadata.

    A stub that raises would stop "Run All" at an answer that is no function.
    """

    def preprocess_cell(self, cell, resources, cell_index):
        stub = cell.metadata.pop("stub", None)
        usual = self.code_stub
        if stub is not None:
            self.code_stub = {"python": stub}
        try:
            return super().preprocess_cell(cell, resources, cell_index)
        finally:
            self.code_stub = usual


def release(folder: Path) -> list[Path]:
    """Make `assignments/` anew from `solutions/`; raises ReleaseFailed with nbgrader's log. Two runs give the same bytes."""
    write_notebooks(folder / "solutions")
    made = []
    with tempfile.TemporaryDirectory() as scratch:
        config = settings(folder)
        config.CourseDirectory.db_url = f"sqlite:///{scratch}/gradebook.db"
        for name in exercises.names():
            target = folder / "assignments" / name
            outcome = NbGraderAPI(config=config).generate_assignment(name, force=True, create=True)
            if not outcome["success"]:
                raise ReleaseFailed(f"{name}: nbgrader made no assignment.\n{outcome['log'] or outcome.get('error')}")
            made += sorted(target.glob("*.ipynb"))
    return made
