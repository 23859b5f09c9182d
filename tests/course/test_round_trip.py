"""nbgrader's own commands, through a real exchange folder, end with the points of `stateless grade`."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograders.course.classroom import hand_in
from autograders.course.demo import OWN_SETTINGS
from autograders.judge import grading, submissions
from tests.conftest import ROOT

LEARNERS = {
    "counter": {
        "ada": "good__named_tuples",
        "bo": "bad__leaves_the_state_unchanged__dict_mutated_and_returned",
    },
    "linen_module": {"bo": "bad__zeroes_only_biases__every_vector"},
    "train_step": {"bo": "bad__updates_like_adam__new_opt_state_dropped"},
}


pytestmark = pytest.mark.xdist_group("round_trip")


class Desk:
    """A folder in which somebody types nbgrader commands."""

    def __init__(self, folder: Path, user: str):
        self.folder = folder
        binaries = Path(sys.executable).parent
        self.environment = {
            **os.environ,
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "USER": user,
            "LOGNAME": user,
            "HOME": str(folder),
        }

    def nbgrader(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A course after release, submission, collection, grading, feedback and export of all three exercises."""
    folder = tmp_path_factory.mktemp("round trip")
    teacher = prepare(folder)
    for exercise, learners in LEARNERS.items():
        teacher.nbgrader("generate_assignment", exercise)
        teacher.nbgrader("release_assignment", exercise)
        for learner, answers in learners.items():
            desk = Desk(folder / learner, learner)
            desk.folder.mkdir(exist_ok=True)
            settings = ["--Exchange.root=" + str(folder / "exchange"), "--course=stateless", f"--student={learner}"]
            desk.nbgrader("fetch_assignment", exercise, *settings)
            hand_in(
                desk.folder / exercise / f"{exercise}.ipynb",
                ROOT / "tests" / "submissions" / exercise / f"{answers}.py",
            )
            desk.nbgrader("submit", exercise, *settings)
        teacher.nbgrader("collect", exercise)
        teacher.nbgrader("autograde", exercise)
        teacher.nbgrader("generate_feedback", exercise)
    teacher.nbgrader("export")
    return teacher.folder


def prepare(folder: Path) -> Desk:
    """The teacher's folder and the exchange."""
    (folder / "exchange").mkdir()
    (folder / "exchange").chmod(0o777)
    teacher = Desk(folder / "course", "teacher")
    for exercise in LEARNERS:
        (teacher.folder / "solutions" / exercise).mkdir(parents=True)
        shutil.copy(ROOT / "solutions" / exercise / f"{exercise}.ipynb", teacher.folder / "solutions" / exercise)
    settings = (ROOT / "nbgrader_config.py").read_text() + OWN_SETTINGS.format(exchange=str(folder / "exchange"))
    (teacher.folder / "nbgrader_config.py").write_text(settings)
    return teacher


CASES = [(exercise, learner) for exercise, learners in LEARNERS.items() for learner in learners]


@pytest.mark.parametrize("exercise, learner", CASES)
def test_gradebook_has_the_points_of_stateless_grade(course, engine, stand_ins, exercise, learner):
    """The points per question are the same on both ways; manual questions wait for a person."""
    handed_in = course / "submitted" / learner / exercise / f"{exercise}.ipynb"
    result, _ = grading.grade("x", submissions.read(handed_in), engine, "another seed", stand_ins)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        grades = gradebook.find_submission_notebook(exercise, exercise, learner).grades
        waiting = {g.name for g in grades if g.needs_manual_grade}
        points = {g.name: g.auto_score for g in grades if not g.needs_manual_grade}
    assert points == {q.id: q.points for q in result.questions}
    assert waiting == {"explain"} - set(points) - ({"explain"} if exercise == "train_step" else set())


def test_export_has_a_line_for_each_submission(course):
    """The exported table holds every submission with its score."""
    rows = list(csv.DictReader((course / "grades.csv").read_text().splitlines()))
    scored = {(row["assignment"], row["student_id"]) for row in rows if row["timestamp"]}
    assert scored == set(CASES)


@pytest.mark.parametrize("exercise, learner", CASES)
def test_feedback_shows_messages_and_no_secrets(course, exercise, learner):
    """A feedback page shows our verdicts, and neither the seed nor an answer of the solution nor a path of the grader."""
    page = (course / "feedback" / learner / exercise / f"{exercise}.html").read_text()
    seed = (course / ".stateless_seed").read_text()
    assert " of " in page and "points</" in page or "points" in page
    assert seed not in page
    assert str(ROOT / "solutions") not in page
    assert "/autograders/" not in page


def test_feedback_says_what_why_and_hint(course):
    """A wrong answer's page names what was seen, why it happens, and what to try."""
    page = (course / "feedback" / "bo" / "counter" / "counter.html").read_text()
    assert "changed the state that it was given, in place" in page
    assert "Why:" in page and "Try:" in page


def test_manual_scores_survive_a_regrade(course):
    """Grading again keeps a person's score and comment."""
    url = f"sqlite:///{course}/gradebook.db"
    with Gradebook(url) as gradebook:
        grade = gradebook.find_grade("explain", "counter", "counter", "ada")
        grade.manual_score, grade.needs_manual_grade = 0.5, False
        gradebook.find_comment("explain", "counter", "counter", "ada").manual_comment = "Well said."
        gradebook.db.commit()
    Desk(course, "teacher").nbgrader("autograde", "counter", "--student=ada", "--force")
    with Gradebook(url) as gradebook:
        assert gradebook.find_grade("explain", "counter", "counter", "ada").manual_score == 0.5
        assert gradebook.find_comment("explain", "counter", "counter", "ada").manual_comment == "Well said."
        assert gradebook.find_submission("counter", "ada").score == 9.5


def test_autograded_notebooks_hold_the_result(course):
    """The result document travels with the autograded notebook, with a hash where the seed was."""
    notebook = nbformat.read(course / "autograded" / "bo" / "counter" / "counter.ipynb", as_version=4)
    result = notebook.metadata.stateless_result
    assert result.exercise == "counter"
    assert result.seed not in ("public", (course / ".stateless_seed").read_text())
