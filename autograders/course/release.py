"""From `solutions/` to `assignments/`, with nbgrader's own generate_assignment."""

import os
import sys
import tempfile
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from nbgrader.preprocessors import ClearSolutions
from traitlets.config import Config, PyFileConfigLoader

from autograders import exercises
from autograders.course.materials import write_notebooks

SETTINGS = "nbgrader_config.py"


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


def settings(folder: Path) -> Config:
    """The nbgrader configuration in a folder, for that folder as the course."""
    binaries = str(Path(sys.executable).parent)
    if binaries not in os.environ["PATH"].split(os.pathsep):  # nbgrader calls alembic by its name alone
        os.environ["PATH"] = binaries + os.pathsep + os.environ["PATH"]
    config = PyFileConfigLoader(SETTINGS, path=str(folder)).load_config()
    config.CourseDirectory.root = str(folder)
    return config


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
