"""Submissions whose verdict is known beforehand: right ones in many shapes, and wrong ones with the mistake they make.

`good__<shape>.py` deserves full points. `bad__<checks>__<mistake>.py` names the checks that must not pass, joined by `+`;
`+all` adds what a failed check blocks. Comments at the top tell why, and for a wrong one two things more:
`# misconception: C10, C25` (the ids that are true of it, the mistake itself first; `none` where the catalogue has none)
and `# neighbour: good__....py`, the nearest right answer. Where no evidence can tell the mistake from others,
`# undiagnosed: <why>` says so. What older packages lack is named as in `# needs: jax>=0.8.1, optax>=0.2.5`.
"""

import dataclasses
import importlib.metadata
import re
from pathlib import Path

from packaging.requirements import Requirement

from autograders import exercises
from autograders.course.materials import NoMaterials

FIELD = re.compile(r"^# (misconception|neighbour|undiagnosed|needs): (.*)$")


@dataclasses.dataclass(frozen=True)
class Known:
    """One file of the corpus and what is known of it."""

    path: Path
    exercise: str
    right: bool
    failed: frozenset[str]  # the checks that must not pass
    why: str
    misconceptions: tuple[str, ...] = ()
    neighbour: str = ""
    undiagnosed: str = ""
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.exercise}/{self.path.stem}"

    @property
    def runs_here(self) -> bool:
        """Whether the packages that are installed have all that it uses."""
        wanted = map(Requirement, self.needs)
        return all(need.specifier.contains(importlib.metadata.version(need.name)) for need in wanted)

    @property
    def caught_by(self) -> set[str]:
        """The checks that must fail themselves; the others only wait for one of them."""
        checks = exercises.load(self.exercise).checks
        return {c.id for c in checks if c.id in self.failed and not self.failed.intersection(c.needs)}


def find(folder: Path | None = None) -> Path:
    """The folder of the corpus: the one given, or that of the checkout the package runs from; NoMaterials without one."""
    for candidate in [folder] if folder else [Path.cwd(), Path(exercises.__file__).resolve().parents[2]]:
        for inside in (candidate / "tests" / "submissions", candidate):
            if any(inside.glob("*/good__*.py")):
                return inside
    raise NoMaterials(
        "No corpus here. It is part of the repository and not of the package: run this command in a clone of the "
        "repository, or name a folder that holds <exercise>/good__*.py with --corpus FOLDER."
    )


def load(folder: Path, names: list[str]) -> list[Known]:
    """The files of these exercises, in order; raises ValueError for a file that does not say what it must."""
    return [read(path, name) for name in names for path in sorted((folder / name).glob("*__*.py"))]


def read(path: Path, exercise: str) -> Known:
    """What a file's name and first comments say."""
    kind, *rest = path.stem.split("__")
    fields, why = {}, []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        found = FIELD.match(line)
        fields.update([found.groups()] if found else [])
        why += [] if found else [line.lstrip("# ")]
    ids, needs = (
        tuple(part.strip() for part in fields.get(field, "").split(",") if part.strip())
        for field in ("misconception", "needs")
    )
    known = Known(
        path,
        exercise,
        kind == "good",
        frozenset() if kind == "good" else _failed(exercise, rest[0]),
        " ".join(why),
        () if ids == ("none",) else ids,
        fields.get("neighbour", ""),
        fields.get("undiagnosed", ""),
        needs,
    )
    if not why or (not known.right and not ids):
        raise ValueError(f"{path}: the first lines must tell why, and a wrong file its `# misconception:`")
    return known


def _failed(exercise: str, named: str) -> frozenset[str]:
    """The checks that a file name stands for."""
    checks, failed = exercises.load(exercise).checks, set(named.split("+"))
    while "all" in failed and (more := {c.id for c in checks if failed & set(c.needs)} - failed):
        failed |= more
    return frozenset(failed - {"all"})
