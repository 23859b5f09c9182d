"""Where a course is, and its settings; without importing nbgrader, which takes seconds."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from traitlets.config import Config, PyFileConfigLoader

SETTINGS = "nbgrader_config.py"
OURS = "autograders.course.nbgrader_steps.RunConfined"


def settings(folder: Path) -> Config:
    """The nbgrader configuration in a folder, for that folder as the course."""
    binaries = str(Path(sys.executable).parent)
    if binaries not in os.environ["PATH"].split(os.pathsep):  # nbgrader calls alembic by its name alone
        os.environ["PATH"] = binaries + os.pathsep + os.environ["PATH"]
    config = PyFileConfigLoader(SETTINGS, path=str(folder)).load_config()
    config.CourseDirectory.root = str(folder)
    return config


def course_of(paths: Sequence[Path]) -> Path | None:
    """The course that grades with this package and in whose `submitted/` all these paths lie; None where there is none."""
    roots = {
        next((above for above in [p, *p.parents] if (above / SETTINGS).is_file()), None) for p in map(_whole, paths)
    }
    root = roots.pop() if len(roots) == 1 else None
    if root is None:
        return None
    config = settings(root)
    submitted = config.CourseDirectory.get("submitted_directory", "submitted")
    inside = all(submitted in _whole(path).relative_to(root).parts for path in paths)
    return root if inside and OURS in config.Autograde.get("autograde_preprocessors", ()) else None


def _whole(path: Path) -> Path:
    return Path(os.path.normpath(path.absolute()))
