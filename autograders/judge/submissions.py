"""Reads what a learner handed in: a notebook of any age, a percent script or a plain Python file."""

import ast
import hashlib
import json
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from autograders import exercises
from autograders.learner.messages import Cell


class Unreadable(Exception):
    """A file that cannot be graded as it is; the message says what, where, and what to do."""


class Handed(msgspec.Struct, frozen=True):
    """A submission: which exercise, its code cells in order, and the hash of its bytes."""

    exercise: str
    cells: tuple[Cell, ...]
    sha256: str


def read(path: Path, exercise: str = "") -> Handed:
    """Read a submission; `exercise` wins over what the file says. Raises Unreadable with advice."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}. Check the path and its permissions.") from error
    kind = path.suffix.lower()
    if kind == ".ipynb":
        return from_notebook(parse_notebook(content, path), path, content, exercise)
    if kind == ".py":
        return _handed(_script(content, path), path, content, exercise)
    raise Unreadable(f"{path}: neither a notebook (.ipynb) nor a Python file (.py). Hand in one of these.")


def from_notebook(notebook: Mapping[str, Any], path: Path, content: bytes, exercise: str = "") -> Handed:
    """The submission in a notebook that is read already."""
    places = enumerate(notebook["cells"])
    cells = [
        Cell(i, c["source"], _only_shows(c)) for i, c in places if c["cell_type"] == "code" and c["source"].strip()
    ]
    told = _told(notebook, "exercise")
    return _handed(cells, path, content, exercise or (told if told in exercises.names() else ""))


def demonstration(source: str) -> dict[str, Any]:
    """The metadata of a cell that is given to look at: it is one for as long as its text stays what it is here."""
    return {"stateless": {"demonstration": hashlib.sha256(source.strip().encode()).hexdigest()[:16]}}


def _only_shows(cell: Mapping[str, Any]) -> bool:
    mark = _told(cell, "demonstration")
    return bool(mark) and mark == _told({"metadata": demonstration(cell["source"])}, "demonstration")


def _told(part: Mapping[str, Any], what: str) -> Any:
    """What we wrote into the metadata of a notebook or a cell; others may have written anything there."""
    metadata = part.get("metadata")
    about = metadata.get("stateless") if isinstance(metadata, Mapping) else None
    return about.get(what, "") if isinstance(about, Mapping) else ""


def _handed(cells: list[Cell], path: Path, content: bytes, exercise: str) -> Handed:
    name, known = exercise or guess(cells), ", ".join(exercises.names())
    if name and name not in exercises.names():
        raise Unreadable(f"{path}: no exercise is called {name!r}. There are: {known}.")
    if not name:
        raise Unreadable(f"{path}: which exercise this answers cannot be told. Say it with --exercise NAME ({known}).")
    return Handed(name, tuple(cells), hashlib.sha256(content).hexdigest())


def parse_notebook(content: bytes, path: Path) -> dict[str, Any]:
    """A notebook's cells and metadata, whatever version it was written in. Raises Unreadable for what is none."""
    try:
        text = content.decode("utf-8-sig")
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        advice = "Save it again in Jupyter, or hand in an earlier checkpoint."
        raise Unreadable(f"{path}: not a notebook, or one that was cut off ({error}). {advice}") from error
    major = raw.get("nbformat") if isinstance(raw, dict) else None
    if not isinstance(major, int):
        raise Unreadable(
            f"{path}: JSON, but not a notebook: it has no nbformat number. Hand in the .ipynb file itself."
        )
    if major > 4:
        raise Unreadable(f"{path}: notebook format {major} is newer than this grader knows (4). Save it in format 4.")
    try:
        notebook = raw if major == 4 else _converted(text)
        cells = [
            {"cell_type": str(c["cell_type"]), "source": _source(c["source"]), "metadata": c.get("metadata")}
            for c in notebook["cells"]
        ]
    except Exception as error:  # nbformat raises many kinds for malformed cells
        advice = "Save it again in Jupyter."
        raise Unreadable(
            f"{path}: a notebook whose cells cannot be read ({type(error).__name__}: {error}). {advice}"
        ) from error
    return {"cells": cells, "metadata": notebook.get("metadata", {})}


def _converted(text: str) -> dict[str, Any]:
    import nbformat  # takes a second, for its schemas

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # missing and duplicate cell ids are mended by nbformat
        return nbformat.reads(text, as_version=4)


def _source(source: Any) -> str:
    """A cell's text, which files may hold in lines; a lone surrogate is JSON, but no text that could be sent on."""
    text = "".join(source) if isinstance(source, list) else str(source)
    return text.encode("utf-8", "replace").decode().replace("\r\n", "\n")


def _script(content: bytes, path: Path) -> list[Cell]:
    """The cells of a percent script; a plain script is one cell for each statement, so that one error costs one statement."""
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path}: not UTF-8 text ({error}). Save it as UTF-8.") from error
    if re.search(r"^# %%", text, re.MULTILINE):
        parts = re.split(r"^(?=# %%)", text, flags=re.MULTILINE)
        code = [part for part in parts if part.strip() and not re.match(r"# %%.*\[(markdown|raw)\]", part)]
        return [Cell(i, part) for i, part in enumerate(code)]
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError):
        return [Cell(0, text)]
    lines = text.split("\n")
    if not statements:
        return []
    starts = [min([s.lineno, *(d.lineno for d in getattr(s, "decorator_list", []))]) - 1 for s in statements]
    return [
        Cell(i, "\n".join(lines[a:b])) for i, (a, b) in enumerate(zip(starts, [*starts[1:], len(lines)], strict=True))
    ]


def guess(cells: list[Cell]) -> str:
    """The exercise whose names these cells define most; empty when they define none."""
    defined = {name for cell in cells for name in cell.defines}
    scores = {e: sum(len(defined & set(q.defines)) for q in exercises.manifest(e).questions) for e in exercises.names()}
    best = max(scores, key=scores.get, default="")
    return best if scores.get(best) else ""
