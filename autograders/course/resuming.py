"""`nbgrader autograde` goes on where a run was killed: what that left half done is graded again.

nbgrader takes a submission for graded as soon as its folder in `autograded/` is there. Here its notebooks tell: from our
first step to our last they carry a mark, and keep it where the grader failed.
"""

import fcntl
import glob
import json
import re
import shutil
from pathlib import Path
from typing import IO

from nbconvert.exporters import NotebookExporter
from nbgrader.coursedir import CourseDirectory

MARK = "stateless_unfinished"
LOCK = ".stateless_lock"
running: dict[Path, IO[str]] = {}  # by course, the lock that says that this process grades there


class Resuming(NotebookExporter):
    """The exporter of autograde, made when a run begins: it clears away what an earlier one did not bring to its end."""

    def __init__(self, **settings):
        super().__init__(**settings)
        coursedir = getattr(self.parent, "coursedir", None)
        if coursedir is not None and begins(Path(coursedir.root)):
            for folder in unfinished(coursedir):
                self.log.warning("%s was not graded to its end: grading it again.", folder)
                shutil.rmtree(folder)


def begins(course: Path) -> bool:
    """Whether nobody else grades this course now. From here on, this process does."""
    lock = running.get(course) or open(course / LOCK, "a")  # noqa: SIM115 (held until this process ends)
    running[course] = lock
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(lock, fcntl.LOCK_SH)
        return False
    fcntl.flock(lock, fcntl.LOCK_SH)
    return True


def unfinished(coursedir: CourseDirectory) -> list[Path]:
    """The folders of the assignment's submissions in `autograded/` whose grading did not come to its end."""
    assignment = coursedir.assignment_id
    known = Path(coursedir.format_path(coursedir.source_directory, ".", assignment)).glob("*.ipynb")
    names, found = {path.name for path in known}, []
    for folder in glob.glob(coursedir.format_path(coursedir.submitted_directory, coursedir.student_id, assignment)):
        graded = Path(coursedir.format_path(coursedir.autograded_directory, student_of(folder, coursedir), assignment))
        wanted = names & {path.name for path in Path(folder).glob("*.ipynb")}
        if graded.is_dir() and not all(_is_whole(graded / name) for name in wanted):
            found.append(graded)
    return found


def student_of(folder: str, coursedir: CourseDirectory) -> str:
    """Whose submission a folder holds."""
    any_of = ("(?P<student>.*)", "(?P<assignment>.*)")
    return re.match(coursedir.format_path(coursedir.submitted_directory, *any_of, escape=True), folder)["student"]


def _is_whole(notebook: Path) -> bool:
    """Whether a graded notebook is there, can be read, and has been through all of our steps."""
    try:
        return MARK not in json.loads(notebook.read_bytes()).get("metadata", {})
    except (OSError, ValueError, AttributeError):
        return False
