"""Which submissions a path on the command line asks for."""

import pytest

from autograders.course.collected import Course
from tests.conftest import ROOT

ALL = {("ada", "counter"), ("ada", "linen_module"), ("bo", "counter")}


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    """Three submissions of two learners."""
    root = tmp_path_factory.mktemp("course")
    (root / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())
    for student, assignment in ALL:
        folder = root / "submitted" / student / assignment
        folder.mkdir(parents=True)
        (folder / f"{assignment}.ipynb").write_text("{}")
    return Course(root)


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [
        (["submitted"], ALL),
        (["."], ALL),
        (["submitted/ada"], {("ada", "counter"), ("ada", "linen_module")}),
        (["submitted/bo/counter"], {("bo", "counter")}),
        (["submitted/bo/counter/counter.ipynb"], {("bo", "counter")}),
        (["submitted/ada/counter", "submitted/bo", "submitted/bo/counter"], {("ada", "counter"), ("bo", "counter")}),
        (["solutions", "submitted/a"], set()),
    ],
)
def test_a_path_asks_for_what_lies_in_it_and_for_what_it_lies_in(course, paths, wanted):
    """A folder above, the submission's own, or a file in it; each submission comes once."""
    found = course.submissions(course.root / path for path in paths)
    assert [(one.student, one.assignment) for one in found] == sorted(wanted, key=lambda pair: pair[::-1])
