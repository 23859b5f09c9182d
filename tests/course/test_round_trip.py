"""nbgrader's own commands, through a real exchange folder, end with the points of `stateless grade`."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook

from autograders import exercises
from autograders.course.classroom import hand_in
from autograders.course.demo import OWN_SETTINGS
from autograders.judge import grading, submissions
from autograders.judge.plugin import drawn_for
from tests.conftest import ROOT

LEARNERS = {
    "counter": {
        "ada": "good__named_tuples",
        "bo": "bad__leaves_the_state_unchanged__dict_mutated_and_returned",
    },
    "linen_module": {"bo": "bad__zeroes_only_biases__every_vector"},
    "train_step": {"bo": "bad__updates_like_adam__new_opt_state_dropped"},
}


PLANTED = "only the teacher knows this"
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
            plant(desk.folder / exercise / f"{exercise}.ipynb", learner)
            desk.nbgrader("submit", exercise, *settings)
        teacher.nbgrader("collect", exercise)
        teacher.nbgrader("autograde", exercise)
        teacher.nbgrader("generate_feedback", exercise)
    teacher.nbgrader("export")
    return teacher.folder


def plant(notebook: Path, learner: str) -> None:
    """Let a learner leave their mark: in a cell, in what it shows, and in a text."""
    content = nbformat.read(notebook, as_version=4)
    content.cells += [new_code_cell(f"print('mark-of-{learner}')"), new_markdown_cell(f"mark-of-{learner}")]
    nbformat.write(content, notebook)


def prepare(folder: Path) -> Desk:
    """The teacher's folder and the exchange."""
    (folder / "exchange").mkdir()
    (folder / "exchange").chmod(0o777)
    teacher = Desk(folder / "course", "teacher")
    for exercise in LEARNERS:
        (teacher.folder / "solutions" / exercise).mkdir(parents=True)
        solution = nbformat.read(ROOT / "solutions" / exercise / f"{exercise}.ipynb", as_version=4)
        for cell in solution.cells:
            cell.source = cell.source.replace("### BEGIN SOLUTION", f"### BEGIN SOLUTION\n# {PLANTED}")
        nbformat.write(solution, teacher.folder / "solutions" / exercise / f"{exercise}.ipynb")
    settings = (ROOT / "nbgrader_config.py").read_text() + OWN_SETTINGS.format(exchange=str(folder / "exchange"))
    (teacher.folder / "nbgrader_config.py").write_text(settings)
    return teacher


CASES = [(exercise, learner) for exercise, learners in LEARNERS.items() for learner in learners]


@pytest.mark.parametrize("exercise, learner", CASES)
def test_gradebook_has_the_points_of_stateless_grade(course, engine, stand_ins, exercise, learner):
    """The points per question are the same on both ways; manual questions wait for a person."""
    handed_in = course / "submitted" / learner / exercise / f"{exercise}.ipynb"
    result, _ = grading.grade("x", submissions.read(handed_in), engine, "another seed", stand_ins(exercise))
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


def secrets_of(course: Path, exercise: str, learner: str) -> dict[str, str]:
    """Texts that must not reach a learner, by what they are."""
    seed = (course / ".stateless_seed").read_text()
    others = {who for learners in LEARNERS.values() for who in learners} - {learner}
    drawn = {}
    for check in exercises.load(exercise).checks:
        for kind, draw in DRAWN.items():
            drawn[f"{kind} of {check.id}"] = draw(drawn_for(check.id, seed))
    return {
        "seed": seed,
        "solution": PLANTED,
        "project": str(ROOT),
        "package": "/autograders/",
        "course": str(course),
        "environment": sys.prefix,
        "home": str(Path.home()) + "/",
        **{f"work of {other}": f"mark-of-{other}" for other in others},
        **drawn,
    }


DRAWN = {  # how numbers that a check draws would look in a text
    "key": lambda inputs: str(inputs.integers(2**31)),
    "number": lambda inputs: f"{inputs.normal():.5f}"[:-1],
    "float32": lambda inputs: str(np.float32(inputs.normal()))[:7],
}


@pytest.mark.parametrize("exercise, learner", CASES)
def test_nothing_that_a_learner_gets_holds_a_secret(course, exercise, learner):
    """Not the seed, nor what is drawn from it, nor a solution, a path of this machine, or the work of others."""
    released = (course / "assignments" / exercise).rglob("*")
    files = [*(course / "feedback" / learner / exercise).rglob("*"), *released]
    result = nbformat.read(
        course / "autograded" / learner / exercise / f"{exercise}.ipynb", 4
    ).metadata.stateless_result
    texts = {str(path): path.read_text(errors="replace") for path in files if path.is_file()}
    texts["the result"] = json.dumps(result)
    assert any(f"mark-of-{learner}" in text for text in texts.values())  # what is searched is what they get
    secrets = secrets_of(course, exercise, learner)
    found = [(what, where) for where, text in texts.items() for what, secret in secrets.items() if secret in text]
    assert not found


def test_the_seed_decides_what_is_drawn():
    """The numbers that are searched for are those that a check draws."""
    assert drawn_for("output_has_right_shape", "a").normal() != drawn_for("output_has_right_shape", "b").normal()


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
