"""Whatever a learner did to the cells, nbgrader grades it, and the rest of the class as well."""

import copy
import json
import shutil
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI

from autograders.course.folders import settings
from tests.conftest import ROOT
from tests.helpers import FULL, cell, solved

pytestmark = pytest.mark.xdist_group("odd_cells")


def changed(id: str, **metadata: object):
    """A solved notebook in which the metadata of one cell are others."""
    notebook = solved()
    cell(notebook, id).metadata.nbgrader.update(metadata)
    return notebook


def twice(id: str):
    notebook = solved()
    notebook.cells.append(copy.deepcopy(cell(notebook, id)))
    return notebook


def without(*ids: str):
    notebook = solved()
    notebook.cells = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") not in ids]
    return notebook


def no_metadata():
    notebook = solved()
    for each in notebook.cells:
        each.metadata.pop("nbgrader", None)
    return notebook


NOTHING_LOST = FULL | {"explain": None}
CASES = {
    "future": (changed("predict", schema_version=99), NOTHING_LOST),
    "points": (changed("counter_v2", points="many"), NOTHING_LOST),
    "id": (changed("counter_v2_answer", grade_id=["a", "list"]), NOTHING_LOST),
    "check-twice": (twice("counter_v2"), NOTHING_LOST),
    "answer-twice": (twice("counter_v2_answer"), NOTHING_LOST),
    "check-gone": (without("counter_v2"), NOTHING_LOST),
    "both-gone": (without("count_many", "count_many_answer"), NOTHING_LOST | {"count_many": 0}),
    "bare": (no_metadata(), NOTHING_LOST),
    "renamed": (solved(), NOTHING_LOST),
    "zoe": (solved(), NOTHING_LOST),
}
FILES = {"renamed": "homework(1).ipynb"}


@pytest.fixture(scope="module")
def gradebook(tmp_path_factory):
    """The gradebook after one autograde of the whole class."""
    course = tmp_path_factory.mktemp("course")
    (course / "solutions" / "counter").mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", course)
    Path(course, "solutions", "counter", "counter.ipynb").write_text(json.dumps(solved()))
    api = NbGraderAPI(config=settings(course))
    assert api.generate_assignment("counter")["success"]
    for learner, (notebook, _) in CASES.items():
        folder = course / "submitted" / learner / "counter"
        folder.mkdir(parents=True)
        (folder / FILES.get(learner, "counter.ipynb")).write_text(json.dumps(notebook))
    outcome = api.autograde("counter", "*")
    assert outcome["success"], outcome["log"][-4000:]
    with Gradebook(f"sqlite:///{course}/gradebook.db") as opened:
        yield opened


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("learner", CASES)
def test_cells_that_nbgrader_does_not_expect_cost_nothing(gradebook, learner):
    """A cell that is odd, doubled or gone costs at most the answer that went with it; None waits for a person."""
    grades = gradebook.find_submission_notebook("counter", "counter", learner).grades
    assert {g.name: g.auto_score for g in grades} == CASES[learner][1]
