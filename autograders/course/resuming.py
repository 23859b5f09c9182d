"""`nbgrader autograde` and `generate_feedback` go on where a run was killed: what that left half done is done again.

nbgrader takes a submission for graded as soon as its folder in `autograded/` is there. Here its notebooks tell: from our
first step to our last they carry a mark, and keep it where the grader failed. Of feedback, a page tells by its end.
"""

import fcntl
import glob
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO

from nbconvert.exporters import Exporter, HTMLExporter, NotebookExporter
from nbgrader.coursedir import CourseDirectory

MARK = "stateless_unfinished"
LOCK = ".stateless_lock"
running: dict[Path, IO[str]] = {}  # by course, the lock that says that this process grades there


class Resuming(NotebookExporter):
    """The exporter of autograde, made when a run begins: it clears away what an earlier one did not bring to its end."""

    def __init__(self, **settings):
        super().__init__(**settings)
        clear_away(self, unfinished, "%s was not graded to its end: grading it again.")


class Feedback(HTMLExporter):
    """The exporter of generate_feedback, which clears away as well."""

    def __init__(self, **settings):
        super().__init__(**settings)
        clear_away(self, half_written, "%s was not written to its end: writing it again.")


def clear_away(exporter: Exporter, half_done: Callable[[CourseDirectory], list[Path]], said: str) -> None:
    """Remove the folders that an earlier run left half done, if nobody else works on this course now."""
    coursedir = getattr(exporter.parent, "coursedir", None)
    if coursedir is not None and begins(Path(coursedir.root)):
        for folder in half_done(coursedir):
            exporter.log.warning(said, folder)
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
        student = student_of(folder, coursedir.submitted_directory, coursedir)
        graded = Path(coursedir.format_path(coursedir.autograded_directory, student, assignment))
        wanted = names & {path.name for path in Path(folder).glob("*.ipynb")}
        if graded.is_dir() and not all(_is_whole(graded / name) for name in wanted):
            found.append(graded)
    return found


def half_written(coursedir: CourseDirectory) -> list[Path]:
    """The folders of the assignment's feedback in which a page is missing, or not written to its end."""
    assignment, found = coursedir.assignment_id, []
    for folder in glob.glob(coursedir.format_path(coursedir.autograded_directory, coursedir.student_id, assignment)):
        student = student_of(folder, coursedir.autograded_directory, coursedir)
        pages = Path(coursedir.format_path(coursedir.feedback_directory, student, assignment))
        wanted = Path(folder).glob(f"{coursedir.notebook_id}.ipynb")
        if pages.is_dir() and not all(_has_end(pages / f"{notebook.stem}.html") for notebook in wanted):
            found.append(pages)
    return found


def student_of(folder: str, step: str, coursedir: CourseDirectory) -> str:
    """Whose work a folder of this step holds."""
    any_of = ("(?P<student>.*)", "(?P<assignment>.*)")
    return re.match(coursedir.format_path(step, *any_of, escape=True), folder)["student"]


def _is_whole(notebook: Path) -> bool:
    """Whether a graded notebook is there, can be read, and has been through all of our steps."""
    try:
        return MARK not in json.loads(notebook.read_bytes()).get("metadata", {})
    except (OSError, ValueError, AttributeError):
        return False


def _has_end(page: Path) -> bool:
    return page.is_file() and page.read_bytes().rstrip().endswith(b"</html>")
