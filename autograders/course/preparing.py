"""From a learner's folder to what is graded, and to the folder that feedback and formgrader read."""

import dataclasses
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import nbformat
from nbformat import NotebookNode
from nbgrader.utils import find_all_files

from autograders.course.autograded import content, mend, restore
from autograders.course.collected import Course, Submission
from autograders.course.materials import dump, solution
from autograders.course.released import Known, Released
from autograders.course.results import Work
from autograders.course.resuming import MARK
from autograders.course.seeds import course_seed
from autograders.judge import grading, submissions
from autograders.judge.submissions import Handed, Unreadable

KEY = "stateless_key"  # in a graded notebook: what was handed in, and all that its result depends on
FILES, FOLDERS, SHARED = 0o444, 0o755, 0o2775  # nbgrader's permissions for what it has graded


@dataclasses.dataclass(frozen=True)
class Piece:
    """One notebook of a submission, on its way: mended, or None where the file cannot be read; `last` ends the submission."""

    submission: Submission
    known: Known
    notebook: NotebookNode | None
    work: Work
    key: str
    last: bool

    @property
    def whose(self) -> str:
        return f"{self.submission.student}, {self.known.notebook.name}"


class Preparing:
    """Prepares a course's submissions, with its seed and solutions."""

    def __init__(self, course: Course):
        self.course, self.directory = course, course.directory
        self.seed = course_seed(course.root, create=True)
        self.solutions = Path(self.directory.format_path(self.directory.source_directory, ".", ""))

    def pieces(self, assignment: Released, some: Iterable[Submission]) -> Iterator[Piece]:
        """The notebooks of these submissions, one after the other; each as it is asked for."""
        for submission in some:
            there = submission.files(assignment.notebooks)
            for name, file in there.items():
                known = assignment.notebooks[name]
                notebook, handed, trouble = self._mended(file, known)
                work = Work(f"{name}.ipynb", handed, self.seed, solution(self.solutions, name), trouble)
                yield Piece(submission, known, notebook, work, self.key(file, name), name == list(there)[-1])

    def _mended(self, file: Path, known: Known) -> tuple[NotebookNode | None, Handed, str]:
        """A file as nbgrader would grade it, and what is in it; why it cannot be read, if it cannot."""
        exercise = known.notebook.name
        try:
            submissions.read(file, exercise)
            notebook = nbformat.reads(file.read_text(encoding="utf-8-sig"), as_version=4)
            mend(notebook, known)
            notebook = restore(notebook, known, self.course.config)
            return notebook, submissions.from_notebook(notebook, file, content(notebook), exercise), ""
        except Unreadable as error:
            return None, Handed(exercise, (), ""), str(error)
        except Exception as error:  # nbformat and nbgrader raise many kinds for malformed cells
            return (
                None,
                Handed(exercise, (), ""),
                f"{file}: its cells cannot be mended ({type(error).__name__}: {error})",
            )

    def key(self, file: Path, exercise: str) -> str:
        """A hash of what was handed in, and of all else that its result depends on."""
        about = (hashlib.sha256(file.read_bytes()).hexdigest(), exercise, grading.grader(exercise), self.seed)
        depends = (*about, solution(self.solutions, exercise), grading.versions(), grading.backend())
        return hashlib.sha256(msgspec.json.encode(depends)).hexdigest()

    def is_recorded(self, submission: Submission, assignment: Released) -> bool:
        """Whether the graded notebooks are those of what lies in the learner's folder now."""
        try:
            return all(
                self.key(file, name).encode() in (content := (submission.graded / f"{name}.ipynb").read_bytes())
                and MARK.encode() not in content
                for name, file in submission.files(assignment.notebooks).items()
            )
        except OSError:
            return False

    def lay_out(self, submission: Submission, folder: Path, shown: dict[str, NotebookNode]) -> None:
        """Fill a folder as nbgrader fills the one in `autograded/`: the learner's files, the course's, the graded notebooks."""
        source = Path(self.directory.format_path(self.directory.source_directory, ".", submission.assignment))
        for place in (submission.folder, source):
            for file in map(Path, find_all_files(str(place), [*self.directory.ignore, "*.ipynb"])):
                target = folder / file.relative_to(place)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.unlink(missing_ok=True)
                shutil.copy(file, target)
        for name, notebook in shown.items():
            (folder / f"{name}.ipynb").write_text(dump(notebook), encoding="utf-8")
        for inside, _, names in os.walk(folder):
            os.chmod(inside, SHARED if self.directory.groupshared else FOLDERS)
            for name in names:
                os.chmod(Path(inside, name), FILES)
