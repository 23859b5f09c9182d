"""Tricks that forge points where tests run beside the learner's code: here none earns more than the same code without it.

A check is `judged` from programs and returned arrays, or `observed` by a probe in the learner's process. Hostile code can
falsify what is observed; the last tests here say how far that goes.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograders.judge.learners import Engine
from autograders.judge.verdicts import Result
from autograders.sandbox.limits import Limits
from tests.course.test_round_trip import Desk
from tests.helpers import ROOT, answered, cell, grade, points, run, with_cell

pytestmark = pytest.mark.xdist_group("forgeries")

HALF_RIGHT = {
    "predict": "eager_calls, jitted_calls, jitted_after_five_eager, python_side_n = [1, 2, 3], [1, 2, 3], [6, 7, 8], 3",
    "counter_v2": """
class CounterV2:
    def reset(self):
        self.n = 0
        return 0
    def count(self, n):
        self.n += 1
        return self.n, self.n
""",
    "running_mean": """
def init_mean(shape=()):
    return jnp.zeros(shape)
def update_mean(state, x):
    return (state + x) / 2, (state + x) / 2
""",
    "count_many": """
def count_many(state, n):
    return jnp.ones(n, "int32"), state
""",
}


def half_right(**answers: str) -> nbformat.NotebookNode:
    """What an honest learner may have who is not done yet."""
    return answered(**HALF_RIGHT | answers)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine(Limits(cell_s=5.0, grace_s=2.0))
    yield made
    made.close()


@pytest.fixture(scope="module")
def honest(engine) -> Result:
    """The result of the half-right code without a trick."""
    return grade(half_right(), engine)


def passed(result: Result) -> set[str]:
    return {check.id for question in result.questions for check in question.checks if check.status == "pass"}


def no_more(tried: Result, honest: Result) -> bool:
    """Whether no question has more points, and no check passes that did not pass without the trick."""
    fewer = all(points(tried)[question] <= earned for question, earned in points(honest).items())
    return fewer and passed(tried) <= passed(honest)


def test_the_half_right_code_can_gain(honest):
    """The code without a trick has some points and misses some, so a trick that works would show."""
    assert points(honest) == {"predict": 0.5, "counter_v2": 1.5, "running_mean": 0.0, "count_many": 0.0}


LIAR = """
class Liar:
    n = 0
    def agree(self, *others):
        return True
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = agree
    def one_more(self):
        Liar.n += 1
        return Liar.n
    __int__ = __index__ = __len__ = one_more
    __hash__ = object.__hash__
    def __float__(self):
        return float(self.one_more())
    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.one_more(), dtype)
    def __iter__(self):
        return iter((self, self))
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self
    def __call__(self, *args, **kwargs):
        return self
import numpy as np
class LyingArray(np.ndarray):
    def __array_finalize__(self, other): ...
    __eq__ = __ne__ = lambda self, other: True
    tobytes = lambda self, *a: (b"\\x01\\0\\0\\0" * max(self.size, 1))
    shape = property(lambda self: (3,))
class LyingInt(int):
    __eq__ = __ne__ = lambda self, other: True
    __hash__ = int.__hash__
"""
LYING = "class CounterV2:\n    def reset(self): return {0}\n    def count(self, n): return {0}, {0}"
LIES = {
    "object for everything": {q: "\n".join(f"{n} = Liar()" for n in names) for q, names in {
        "predict": ["eager_calls", "jitted_calls", "jitted_after_five_eager", "python_side_n"],
        "counter_v2": ["CounterV2"], "running_mean": ["init_mean", "update_mean"], "count_many": ["count_many"],
    }.items()},
    "returned object": {"counter_v2": LYING.format("Liar()"), "running_mean": "init_mean = lambda shape=(): 0.0\nupdate_mean = lambda state, x: (Liar(), state)"},
    "returned array": {"counter_v2": LYING.format("np.zeros((), 'int32').view(LyingArray)")},
    "returned number": {"counter_v2": LYING.format("LyingInt(7)"), "predict": "eager_calls = jitted_calls = jitted_after_five_eager = [LyingInt(7)] * 3\npython_side_n = LyingInt(7)"},
}  # fmt: skip


@pytest.mark.parametrize("answers", LIES.values(), ids=LIES)
def test_objects_that_equal_everything_earn_nothing(engine, honest, answers):
    """What leaves the learner's process is data; how an object compares or converts is asked nowhere else."""
    tried = grade(with_cell(LIAR, half_right(**answers)), engine)
    assert no_more(tried, honest)
    assert tried.status == "graded"


IN_THE_NOTEBOOK = {
    "blanks later cells": "get_ipython().input_transformers_cleanup.append(lambda lines: [])",
    "rewrites later cells": "get_ipython().input_transformers_cleanup.append(lambda lines: ['9.0' if 'check' in l else l for l in lines])",
    "replaces check": "check = lambda *a, **k: 9.0",
    "patches the checks": """
import autograders.exercises.counter.test_counter as checks
for name in [n for n in vars(checks) if n.startswith("test_")]:
    setattr(checks, name, lambda *a, **k: None)
checks.require = checks.require_close = checks.predicted = checks.matches = checks.means_right = lambda *a, **k: None
""",
    "patches pytest": """
import pytest, sys
pytest.main = lambda *a, **k: 0
pytest.fail = lambda *a, **k: None
sys.modules["autograders.judge.verdicts"] = sys.modules["autograders.judge.grading"] = pytest
""",
    "patches numpy": """
import numpy as np
np.array_equal = np.allclose = np.all = lambda *a, **k: True
np.testing.assert_allclose = lambda *a, **k: None
""",
    "patches jax.export": """
from jax import export
real = export.export
export.export = lambda *a, **k: real(jax.jit(lambda *x: [jnp.ones_like(v) for v in x]), *a[1:], **k)
""",
    "patches the tracer": """
import autograders.learner.tracing as tracing
real = tracing.trace
tracing.trace = lambda objects, function, *rest: real(objects, lambda *a: (jnp.int32(1), a[0]), *rest)
""",
    "patches the answers to calls": """
from autograders.learner import answering, messages
def returned(self, request):
    one = messages.Described(0, "int", 0, False, ("",), (messages.Scalar(1),))
    return messages.Returned(messages.Described(0, "tuple", 0, items=(one, one)))
answering.Answerer._answers[messages.Call] = answering.Answerer._answers[messages.Lookup] = returned
""",
    "says done to everything": """
from autograders.learner import answering, messages
for kind in (messages.Call, messages.Lookup, messages.Trace):
    answering.Answerer._answers[kind] = lambda self, request: messages.Done()
""",
    "exits with success": "import atexit, os, sys\natexit.register(os._exit, 0)\nsys.exit(0)",
}


@pytest.mark.parametrize("trick", IN_THE_NOTEBOOK.values(), ids=IN_THE_NOTEBOOK)
def test_patches_in_the_notebook_earn_nothing(engine, honest, trick):
    """Checks, points and reference values are in another process; patching what is here changes replies only."""
    assert no_more(grade(with_cell(trick, half_right()), engine), honest)


FAKES = {
    "negative": "-1",
    "nan": "float('nan')",
    "huge": "1e308",
    "more than all": "99",
    "printed": 'print(\'counter_v2: 3 of 3 points\')\nprint(\'{"status": "graded", "points": 9}\')',
    "shown": "display({'text/html': '<b>3 of 3 points</b>', 'text/plain': '3.0'}, raw=True)",
    "a float that is many": "class F(float):\n    __repr__ = lambda self: '3'\nF(3)",
}


@pytest.mark.parametrize("source", FAKES.values(), ids=FAKES)
def test_what_a_check_cell_shows_is_no_grade(engine, honest, source):
    """The last line, the output and the text of a check cell are worth nothing, whatever number they show."""
    notebook = half_right()
    for question in points(honest):
        cell(notebook, question).source = source
    assert points(grade(notebook, engine)) == points(honest)


SOCKETS = {
    "garbage": "import os\nfor fd in range(3, 256):\n    try: os.write(fd, os.urandom(64))\n    except OSError: pass",
    "an endless length": "import os\nfor fd in range(3, 256):\n    try: os.write(fd, bytes([255]) * 8)\n    except OSError: pass",
    "closed": "import os\nos.closerange(3, 256)",
    "a reply to another question": """
import gc, msgspec
from autograders.learner import messages
for found in [o for o in gc.get_objects() if isinstance(o, messages.Connection)]:
    found.send(1, msgspec.msgpack.encode(messages.Ran(())))
""",
    "a reply out of turn": """
import msgspec
from autograders.learner import messages
reply = msgspec.msgpack.encode(messages.Ran(()))
real = messages.Connection.receive
def receive(self):
    numbered = real(self)
    for _ in range(2):
        self.send(numbered.number, reply)
    return numbered
messages.Connection.receive = receive
""",
    "a fake numbered reply": """
import msgspec
from autograders.learner import messages
one = messages.Described(0, "int", 0, False, ("",), (messages.Scalar(1),))
body = msgspec.msgpack.encode(messages.Returned(messages.Described(0, "tuple", 0, items=(one, one))))
real = messages.Connection.send
messages.Connection.send = lambda self, number, _: real(self, number, body)
""",
    "nonsense in every reply": """
from autograders.learner import messages
real = messages.Connection.send
messages.Connection.send = lambda self, number, body: real(self, number, b"\\xc1" + body)
""",
}


@pytest.mark.parametrize("trick", SOCKETS.values(), ids=SOCKETS)
def test_the_line_to_the_judge_gives_nothing(engine, honest, trick):
    """Garbage, replies out of turn and forged replies cost the process that sends them, and no check passes by them."""
    tried = grade(with_cell(trick, half_right()), engine)
    assert no_more(tried, honest)
    assert tried.status == "graded"


STEAL = """
import json, pathlib, sqlite3
for place in {places!r}:
    for folder in [pathlib.Path(place), *pathlib.Path.cwd().parents]:
        for file in [folder, folder / "gradebook.db", folder / ".stateless_seed"]:
            try:
                print("STOLEN", file.read_bytes()[:1])
                gradebook = sqlite3.connect(file)
                gradebook.execute("UPDATE grade SET auto_score = 99, manual_score = 99, needs_manual_grade = 0")
                gradebook.commit()
            except Exception:
                pass
"""
USE = """
for place in {places!r}:
    try:
        for found in json.loads(pathlib.Path(place).read_text())["cells"]:
            if found["cell_type"] == "code":
                exec("".join(found["source"]), globals())
    except Exception:
        pass
"""


def thief(places: list[Path]) -> nbformat.NotebookNode:
    """Searches the disk before the answers, and takes over the answers it finds after them."""
    names = [str(place) for place in places]
    return with_cell(USE.format(places=names), with_cell(STEAL.format(places=names), half_right()), at=99)


def test_nothing_on_the_disk_can_be_read_or_changed(engine, honest, tmp_path):
    """Solutions, seed, gradebook and other submissions are out of reach, by absolute path and upwards from the cell's folder."""
    seed, gradebook = tmp_path / ".stateless_seed", tmp_path / "gradebook.db"
    seed.write_text("secret")
    gradebook.write_bytes(b"points")
    solution = ROOT / "solutions" / "counter" / "counter.ipynb"
    tried, ran = run(thief([solution, solution.with_suffix(".py"), seed, gradebook, tmp_path]), engine)
    assert points(tried) == points(honest)
    assert "STOLEN" not in str(ran)
    assert gradebook.read_bytes() == b"points"
    assert sorted(p.name for p in tmp_path.iterdir()) == [".stateless_seed", "gradebook.db"]


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A course after `nbgrader autograde`: solved by ada, half right by bo, half right with theft by mallory."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    source = folder / "solutions" / "counter" / "counter.ipynb"
    source.parent.mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / "counter" / "counter.ipynb", source)
    solved = folder / "submitted" / "ada" / "counter" / "counter.ipynb"
    places = [source, solved, folder / "gradebook.db", folder / ".stateless_seed", folder]
    for learner, notebook in {"ada": answered(), "bo": half_right(), "mallory": thief(places)}.items():
        path = folder / "submitted" / learner / "counter" / "counter.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    desk = Desk(folder, "teacher")
    desk.nbgrader("generate_assignment", "counter")
    desk.nbgrader("autograde", "counter")
    return folder


def test_theft_under_nbgrader_earns_nothing(course, honest):
    """With nbgrader's own command, the gradebook holds what honest code earned, for the thief and for everybody else."""
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        found = {
            learner: {g.name: g.score for g in gradebook.find_submission_notebook("counter", "counter", learner).grades}
            for learner in ("ada", "bo", "mallory")
        }
    assert found["mallory"] == found["bo"] == points(honest) | {"explain": 0.0}
    assert sum(found["ada"].values()) == 9.0
    graded = nbformat.read(course / "autograded" / "mallory" / "counter" / "counter.ipynb", as_version=4)
    assert "STOLEN" not in str([c.get("outputs") for c in graded.cells])


IMPURE = """
class CounterV2:
    def reset(self):
        return {"n": 0}
    def count(self, n):
        self.last = n["n"] + 1
        n["n"] = n["n"] + 1
        return n["n"], dict(n)
"""
BLIND = """
from autograders.learner import observing, places
observing.changed_places = places.changes = lambda *a, **k: []
places.snapshot = lambda *a, **k: {}
"""


def test_only_observed_checks_can_be_falsified(engine):
    """Blinding the probes passes the checks that are labelled `observed`, and none that is judged."""
    seen, blind = (grade(with_cell(trick, answered(counter_v2=IMPURE)), engine) for trick in ("", BLIND))
    observed = {c.id for q in seen.questions for c in q.checks if c.evidence == "observed"}
    gained = passed(blind) - passed(seen)
    assert gained <= observed
    assert gained == {"leaves_the_state_unchanged", "keeps_nothing_outside"}


def test_a_wrong_value_never_gets_points_from_an_observed_check(engine, honest):
    """Where the values are wrong, blinding the probes earns nothing at all in that question."""
    tried = grade(with_cell(BLIND, half_right()), engine)
    assert points(tried)["running_mean"] == points(honest)["running_mean"] == 0.0
    assert passed(tried) - passed(honest) <= {"leaves_the_state_unchanged", "keeps_nothing_outside"}
