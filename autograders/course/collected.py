"""What a class has handed in: the folders of a course's submissions, and where the graded ones go."""

import dataclasses
import datetime
import glob
import re
from collections.abc import Iterable
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograders.course.folders import settings
from autograders.judge import submissions


@dataclasses.dataclass(frozen=True)
class Submission:
    """One learner's folder of an assignment."""

    student: str
    assignment: str
    folder: Path
    graded: Path  # the folder in `autograded/`
    timestamp: datetime.datetime | None

    def files(self, notebooks: Iterable[str]) -> dict[str, Path]:
        """The files that were handed in for these notebooks."""
        return {name: file for name in notebooks if (file := self._file(name))}

    def _file(self, notebook: str) -> Path | None:
        """By its name, or the only one that answers its exercise."""
        if (named := self.folder / f"{notebook}.ipynb").is_file():
            return named
        meant = [path for path in sorted(self.folder.glob("*.ipynb")) if answers(path, notebook)]
        return meant[0] if len(meant) == 1 else None


def answers(path: Path, exercise: str) -> bool:
    """Whether a file is a submission of this exercise."""
    try:
        return submissions.read(path).exercise == exercise
    except submissions.Unreadable:
        return False


class Course:
    """A course folder, by nbgrader's settings in it."""

    def __init__(self, root: Path):
        self.root = root.resolve()
        self.config: Config = settings(self.root)
        self.directory = CourseDirectory(config=self.config)

    def submissions(self, paths: Iterable[Path]) -> list[Submission]:
        """What was handed in at these paths, which lie in `submitted/`; ordered by assignment and learner."""
        any_of = ("(?P<student>.+)", "(?P<assignment>.+)")
        pattern = re.compile(self.directory.format_path(self.directory.submitted_directory, *any_of, escape=True))
        wanted = {path.resolve() for path in paths}
        above = {folder for path in wanted for folder in path.parents}
        found = []
        for place in glob.glob(self.directory.format_path(self.directory.submitted_directory, "*", "*")):
            folder = Path(place)
            told = pattern.fullmatch(place)
            own = folder.resolve()
            asked_for = own in above or not wanted.isdisjoint([own, *own.parents])
            if told and asked_for and folder.is_dir():
                found.append(self._submission(folder, told["student"], told["assignment"]))
        return sorted(found, key=lambda one: (one.assignment, one.student))

    def _submission(self, folder: Path, student: str, assignment: str) -> Submission:
        graded = self.directory.format_path(self.directory.autograded_directory, student, assignment)
        return Submission(student, assignment, folder, Path(graded), self.directory.get_existing_timestamp(str(folder)))
