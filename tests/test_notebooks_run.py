"""Each notebook runs from top to bottom in a real kernel, solved and as released, without stopping at a stub."""

import nbformat
import pytest
from nbclient import NotebookClient

from autograders import exercises
from tests.conftest import ROOT

pytestmark = pytest.mark.xdist_group("kernels")


@pytest.mark.parametrize("kind", ["solutions", "assignments"])
@pytest.mark.parametrize("name", exercises.names())
def test_run_all_goes_to_the_end(name, kind, tmp_path):
    """No cell raises; the checks of a solved notebook show full points, those of a released one show none."""
    notebook = nbformat.read(ROOT / kind / name / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    cells = {c.metadata.get("nbgrader", {}).get("grade_id"): c for c in notebook.cells}
    for question in exercises.load(name).automatic:
        earned = question.points if kind == "solutions" else 0
        shown = cells[question.id].outputs[-1].data["text/plain"]
        assert f": {earned:g} of {question.points:g} points" in shown
