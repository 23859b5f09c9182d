"""The exercises: for each a folder with its autograder and a manifest of its questions."""

import functools
import importlib
from pathlib import Path
from types import FunctionType

import msgspec

from autograders.checks import Check

FOLDER = Path(__file__).parent


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One graded cell: what it is worth, the names it defines, the questions whose answers it uses, three hints."""

    id: str
    title: str
    points: float
    hints: tuple[str, str, str]
    defines: tuple[str, ...] = ()
    builds_on: tuple[str, ...] = ()
    manual: bool = False
    rubric: str = ""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `exercise.toml` says."""

    title: str
    order: int
    minutes: int
    summary: str
    questions: tuple[Question, ...]


class Exercise(msgspec.Struct, frozen=True):
    """An exercise with its questions and its checks, in order."""

    name: str
    manifest: Manifest
    checks: tuple[Check, ...]

    @property
    def test_file(self) -> Path:
        return FOLDER / self.name / f"test_{self.name}.py"

    @property
    def automatic(self) -> list[Question]:
        """The questions that checks grade."""
        return [q for q in self.manifest.questions if not q.manual]

    def question(self, id: str) -> Question:
        return next(q for q in self.manifest.questions if q.id == id)


def names() -> list[str]:
    """The exercises' names in the order in which learners meet them."""
    found = [path.parent.name for path in FOLDER.glob("*/exercise.toml")]
    return sorted(found, key=lambda name: manifest(name).order)


@functools.cache
def manifest(name: str) -> Manifest:
    """The manifest of an exercise; raises ValueError naming file and key when it is not sound."""
    path = FOLDER / name / "exercise.toml"
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise ValueError(f"{path}: {error}") from error


@functools.cache
def misconceptions() -> dict[str, str]:
    """What learners get wrong, by the ids that failed checks name."""
    return msgspec.toml.decode((FOLDER / "misconceptions.toml").read_bytes(), type=dict[str, str])


@functools.cache
def load(name: str) -> Exercise:
    """An exercise by name; raises KeyError with the known names for another."""
    if name not in names():
        raise KeyError(f"no exercise is called {name!r}; there are {', '.join(names())}")
    module = importlib.import_module(f"autograders.exercises.{name}.test_{name}")
    functions = [f for f in vars(module).values() if isinstance(f, FunctionType) and hasattr(f, "graded")]
    return Exercise(name, manifest(name), tuple(f.graded for f in functions))
