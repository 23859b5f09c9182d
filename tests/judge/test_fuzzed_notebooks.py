"""Whatever file is handed in, it is graded or refused with advice, and its points are its own."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from autograders.judge import grading, submissions
from autograders.judge.learners import Engine
from autograders.sandbox.limits import Limits
from tests.helpers import solved

FILES = int(os.environ.get("STATELESS_FUZZ_NOTEBOOKS", "40"))
SOLVED = json.dumps(solved())
NAMES = ["eager_calls", "jitted_calls", "CounterV2", "init_mean", "update_mean", "count_many"]

anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 10**20), st.floats(), st.text(max_size=9)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=9), inner, max_size=3)),
    max_leaves=5,
)
code = st.one_of(
    st.text(max_size=60),
    st.builds("{} = {!r}".format, st.sampled_from(NAMES), anything),
    st.sampled_from(
        [
            "class CounterV2: pass",
            "raise SystemExit",
            "del In",
            "%reset -f",
            "%%html\n<b>",
            "exit()",
            "1/0",
            "import os; os._exit(3)",
        ]
    ),
)
marks = st.fixed_dictionaries({}, optional={"nbgrader": anything, "tags": anything, "stateless": anything})
cells = st.fixed_dictionaries(
    {
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading", ""]),
        "source": st.one_of(code, st.lists(code, max_size=3), anything),
    },
    optional={"metadata": st.one_of(marks, anything), "outputs": anything, "execution_count": anything, "id": anything},
)


@st.composite
def notebooks(draw) -> bytes:
    """A notebook of random cells, or the solved one with some cells replaced, dropped or repeated, or some bytes changed."""
    made = json.loads(SOLVED)
    if draw(st.booleans()):
        made["cells"] = draw(st.lists(cells, max_size=5))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, max(len(made["cells"]) - 1, 0)))
        made["cells"][place : place + draw(st.integers(0, 2))] = draw(st.lists(cells, max_size=2))
    if draw(st.integers(0, 3)) == 0:
        made[draw(st.sampled_from(["cells", "metadata", "nbformat", "nbformat_minor"]))] = draw(anything)
    content = bytearray(json.dumps(made).encode())
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 5]))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content)


@pytest.fixture(scope="module")
def engine():
    made = Engine(Limits(cell_s=1.0, request_s=5.0, grace_s=1.0, submission_s=30.0))
    yield made
    made.close()


@settings(
    max_examples=FILES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(content=notebooks(), ending=st.sampled_from([".ipynb", ".ipynb", ".ipynb", ".py"]))
def test_no_file_makes_the_grader_fail(engine, tmp_path_factory, content, ending):
    """A file is refused with advice, or graded with a verdict for each check; the grader itself never fails."""
    path = tmp_path_factory.mktemp("handed") / f"counter{ending}"
    path.write_bytes(content)
    try:
        handed = submissions.read(path, "counter")
    except submissions.Unreadable as refused:
        assert path.name in str(refused)
        return
    result, _ = grading.grade(str(path), handed, engine)
    assert result.status == "graded", [c for q in result.questions for c in q.checks if c.status == "internal"]
    assert result.submission == handed.sha256
    assert 0 <= result.points <= result.max_points
    answered = any(name in cell.source for cell in handed.cells for name in NAMES)
    assert answered or result.points == 0


def test_the_files_differ():
    """The strategy reaches files that are refused and files that are graded."""
    found = {"refused": 0, "read": 0}

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(content=notebooks())
    def look(content):
        path = Path("counter.ipynb")
        try:
            submissions.from_notebook(submissions.parse_notebook(content, path), path, content, "counter")
            found["read"] += 1
        except submissions.Unreadable:
            found["refused"] += 1

    look()
    assert min(found.values()) >= 5, found
