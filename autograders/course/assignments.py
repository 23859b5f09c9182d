"""The released exercises, as they come with the package."""

import shutil
from pathlib import Path

import autograders

PACKAGE = Path(autograders.__file__).resolve().parent


def folder() -> Path:
    """Where the released notebooks are: inside the installed package, or beside it in a checkout."""
    inside = PACKAGE / "assignments"
    return inside if inside.is_dir() else PACKAGE.parent / "assignments"


def copy_to(target: Path) -> list[Path]:
    """Copy the exercises' notebooks into a folder; what is there already stays as it is."""
    copied = []
    target.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(folder().glob("*/*.ipynb")):
        place = target / notebook.name
        if not place.exists():
            shutil.copyfile(notebook, place)
            copied.append(place)
    return copied
