"""Results that are kept: written whole or not at all, and found again by all that they depend on.

A batch that was killed goes on where it was: what is found here is not graded again.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from autograders.course.materials import Solution
from autograders.judge import grading
from autograders.judge.submissions import Handed
from autograders.judge.verdicts import Result
from autograders.learner.messages import Ran

FOLDER = ".stateless_results"  # in a course
UNSURE = ("internal", "limit")  # checks that may end otherwise the next time


class Graded(msgspec.Struct, frozen=True):
    """A result, and what the cells showed, by place in the notebook."""

    result: Result
    ran: dict[int, Ran]
    kept: bool = False  # by an earlier run

    @property
    def sure(self) -> bool:
        """Whether grading it again would give the same; a limit may not be reached on a machine with less to do."""
        statuses = {check.status for question in self.result.questions for check in question.checks}
        return self.result.status == "graded" and not statuses.intersection(UNSURE)


class Work(msgspec.Struct, frozen=True):
    """A submission to be graded, with all that its result depends on: any process on any machine can do it.

    `trouble` says why it cannot be graded, where the file is none that can be read.
    """

    source: str
    handed: Handed
    seed: str
    solution: Solution
    trouble: str = ""

    @property
    def key(self) -> str:
        """A hash of the cells, the checks, the seed, the stand-ins, and the versions that they run with."""
        exercise = self.handed.exercise
        about = (self.handed.cells, exercise, grading.grader(exercise), self.seed, self.solution.cells)
        return hashlib.sha256(msgspec.json.encode((*about, grading.versions(), grading.backend()))).hexdigest()


class Results:
    """The results in a folder that only its owner reads."""

    def __init__(self, folder: Path):
        self.folder = folder

    def get(self, key: str) -> Graded | None:
        """The result under this key; None where there is none, or a file that a power cut has spoilt."""
        try:
            return msgspec.json.decode((self.folder / f"{key}.json").read_bytes(), type=Graded)
        except (OSError, ValueError):
            return None

    def put(self, key: str, graded: Graded) -> None:
        """Keep a result. Raises OSError where that is not possible; what was there before is still whole."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = self.folder / f"{key}.json"
        write_whole(place, msgspec.json.encode(graded))


def write_whole(place: Path, content: bytes) -> None:
    """Write a file so that at any moment either the old content is there or the new one, after a power cut too."""
    _write(place, content, os.replace)


def write_new(place: Path, content: bytes) -> None:
    """Write a file that is not there yet, whole or not at all; one that somebody else has written meanwhile stays."""
    with contextlib.suppress(FileExistsError):
        _write(place, content, os.link)


def _write(place: Path, content: bytes, publish: Callable[[str, Path], None]) -> None:
    descriptor, written = tempfile.mkstemp(prefix=".writing-", dir=place.parent)  # for its owner's eyes only
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        publish(written, place)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(written)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
