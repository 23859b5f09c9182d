"""Cells that only show something: those that come with an exercise, unchanged, and that nothing else builds on.

A notebook is half demonstrations. They are the learner's to play with, and take half the time that its cells take; what
one shows changes no verdict. One that was changed, or defines a name that a cell which is run uses, is run as any other.
"""

import re
import symtable
import warnings
from collections.abc import Callable, Iterator

from autograders.learner.messages import Choose, Chosen

REACH = {"*", "globals", "locals", "vars", "eval", "exec", "get_ipython", "__main__", "In", "Out", "_", "__", "___"}


def needed(request: Choose, plain: Callable[[str], str]) -> Chosen:
    """The places of the cells to run; `plain` turns a cell's source into Python without magics."""
    uses, defines, own = {}, {}, set()
    for cell in request.cells:
        uses[cell.index], defines[cell.index] = _names(cell.source, plain)
        if cell.shows:
            defines[cell.index] -= own  # a demonstration takes no name away from an answer above it
        else:
            own |= defines[cell.index]
    run = {cell.index for cell in request.cells if not cell.shows or uses[cell.index] & REACH}
    while True:
        used = set().union(*(uses[i] for i in run))
        more = {i for i, names in defines.items() if i not in run and used & (names | REACH)}
        if not more:
            return Chosen(tuple(sorted(run)))
        run |= more


def _names(source: str, plain: Callable[[str], str]) -> tuple[set[str], set[str]]:
    """The names of the notebook that a cell uses, and those that it defines; any word may be one where it is no valid Python."""
    try:
        tables = _tables(source) or _tables(plain(source))
    except (ValueError, RecursionError, MemoryError):
        tables = []
    if not tables:
        return set(re.findall(r"\w+", source)), set()
    uses = {name for table in tables for name in _used(table)}
    defines = {name for table in tables for name in _defined(table)}
    return uses | set(re.findall(r"\bimport\s*(\*)", source)), defines


def _tables(source: str) -> list[symtable.SymbolTable]:
    """What Python knows of the names in a cell and its functions; nothing where it is no valid Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return list(_with_inner(symtable.symtable(source, "<cell>", "exec")))
    except SyntaxError:
        return []


def _used(table: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        if symbol.is_global() if table.get_type() == "function" else symbol.is_referenced():
            yield symbol.get_name()


def _defined(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if (symbol.is_assigned() or symbol.is_imported()) and (top or symbol.is_declared_global()):
            yield symbol.get_name()


def _with_inner(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for inner in table.get_children():
        yield from _with_inner(inner)
