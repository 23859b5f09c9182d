"""Which cells are not run while grading: those that only show something, for as long as nothing needs them."""

import ast
import symtable

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from autograders.judge import submissions
from autograders.learner.demonstrations import needed
from autograders.learner.messages import Cell, Choose
from tests.conftest import ROOT
from tests.helpers import points, run

LIKELY = {"accuracy", "add", "body", "count", "forward", "loss", "mean", "step", "update"}  # names of helpers
DEMO = "c = Counter()\nprint(c.count())"
OTHERS = {
    "nothing of its own": ("x = 1", {1}),
    "a name that it defines": ("def f():\n    return c", {0, 1}),
    "a name in a class": ("class Net:\n    size = c", {0, 1}),
    "that name as an argument": ("def f(c):\n    return c", {1}),
    "a method of that name": ("class Net:\n    def c(self):\n        return self.c", {1}),
    "all names": ("vars().keys()", {0, 1}),
    "the last output": ("value = _", {0, 1}),
    "the module": ("import __main__\nvalue = __main__.c", {0, 1}),
    "a magic": ("%timeit c.count()", {0, 1}),
    "no Python": ("value = c +", {0, 1}),
    "no Python, without it": ("value = 3 +", {1}),
}


@pytest.mark.parametrize("other, run", OTHERS.values(), ids=OTHERS)
def test_a_demonstration_is_run_for_what_uses_it(other, run):
    """A cell that uses a name from it, or may use any name, needs it."""
    assert chosen([Cell(0, DEMO, True), Cell(1, other)]) == run


@pytest.mark.parametrize("demo", ["globals()['c'] = 1", "from math import *", "%run other.py", "exec('c = 1')"])
def test_one_that_may_define_any_name_is_run(demo):
    """Nobody can tell what needs it."""
    assert chosen([Cell(0, demo, True), Cell(1, "value = c")]) == {0, 1}


def test_one_that_another_needs_is_run_as_well():
    """The need of one is that of all it builds on."""
    cells = [Cell(0, "a = 1", True), Cell(1, "b = a", True), Cell(2, "d = 1", True), Cell(3, "def f():\n    return b")]
    assert chosen(cells) == {0, 1, 3}


def test_one_takes_no_name_away_from_an_answer_above_it():
    """A loop variable of a demonstration would replace a learner's function of that name."""
    demo, helper = Cell(1, "for step in range(3):\n    print(train(step))", True), "def step(x):\n    return x"
    assert chosen([Cell(0, f"{helper}\ndef train(x):\n    return step(x)"), demo]) == {0}
    assert chosen([Cell(0, "def train(x):\n    return step(x)"), demo]) == {0, 1}
    assert chosen([demo, Cell(2, f"{helper}\nvalue = step(3)")]) == {1, 2}


def chosen(cells: list[Cell]) -> set[int]:
    return set(needed(Choose(tuple(cells)), TransformerManager().transform_cell).needed)


@pytest.mark.parametrize("exercise", ["counter", "linen_module", "train_step"])
def test_what_is_marked(exercise):
    """Cells that are neither an answer, a check nor setup; in what is released as in the solutions."""
    marked = []
    for folder in ("solutions", "assignments"):
        handed = submissions.read(ROOT / folder / exercise / f"{exercise}.ipynb")
        marked.append([cell.source for cell in handed.cells if cell.shows])
        assert not any("check(" in source or "import jax\n" in source for source in marked[-1])
    assert marked[0] == marked[1] and len(marked[0]) > 10


@pytest.mark.parametrize("exercise", ["counter", "linen_module", "train_step"])
def test_demonstrations_leave_answers_their_names(exercise):
    """In a learner's kernel, a demonstration must not replace a function that an answer above it calls."""
    cells = submissions.read(ROOT / "solutions" / exercise / f"{exercise}.ipynb").cells
    taken = {name for cell in cells if cell.shows for name in given_by(cell.source)}
    answers = sorted((ROOT / "tests" / "submissions" / exercise).glob("good__*.py"))
    parts = [part for path in answers for part in ast.parse(path.read_text()).body]
    helpers = {part.name for part in parts if isinstance(part, ast.FunctionDef | ast.ClassDef)}
    assert len(taken) > 10 and len(helpers) > 8 and not taken & (helpers | LIKELY)


def given_by(source: str) -> set[str]:
    """The names that a cell gives to something."""
    return {
        symbol.get_name()
        for symbol in symtable.symtable(source, "<cell>", "exec").get_symbols()
        if symbol.is_assigned()
    }


def test_a_changed_demonstration_is_run(engine):
    """A name that it defines now is there for the answers."""
    notebook = nbformat.read(ROOT / "solutions" / "counter" / "counter.ipynb", 4)
    demo, answer = (
        next(c for c in notebook.cells if c.cell_type == "code" and word in c.source)
        for word in ("c = Counter()", "eager_calls = ")
    )
    demo.source += "\nfirst = [1, 2, 3]"
    answer.source = answer.source.replace("eager_calls = [1, 2, 3]", "eager_calls = first")
    notebook.cells.remove(demo)
    notebook.cells.insert(notebook.cells.index(answer), demo)
    result, ran = run(notebook, engine)
    places = {c.source: ran[i].outputs for i, c in enumerate(notebook.cells) if c.cell_type == "code"}
    left_out = [source for source, outputs in places.items() if "Not run" in "".join(outputs)]
    assert points(result)["predict"] == 2
    assert len(left_out) > 10 and demo.source not in left_out


def test_one_that_gives_a_builtin_another_meaning_is_run_for_what_uses_it():
    """Its name is a name like any other."""
    assert chosen([Cell(0, "sum = 1", True), Cell(1, "value = sum")]) == {0, 1}
    assert chosen([Cell(0, "sum = 1", True), Cell(1, "value = max")]) == {1}
