"""A batch that dies goes on where it was: every submission is graded once, and a fault of ours costs nobody a point."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from autograders.course import batch, results, resuming
from autograders.course.autograded import KEPT
from autograders.course.materials import Solution, solution
from autograders.course.nbgrader_steps import SavePoints
from autograders.course.results import Graded, Results, Work
from autograders.course.resuming import MARK
from autograders.judge import grading, learners, peers, submissions
from autograders.learner.messages import Call
from autograders.sandbox.spawning import NoProcess
from tests.benchmarks.classes import submit
from tests.conftest import ROOT
from tests.course.test_round_trip import Desk, prepare

ANSWER = ROOT / "tests" / "submissions" / "counter" / "good__named_tuples.py"
(RIGHT_WITH_A_REFERENCE,) = ANSWER.parent.glob("bad__*__generator_is_the_state.py")


def work(handed: submissions.Handed, whose: str = "ada", **changed) -> Work:
    """A submission without stand-ins."""
    return msgspec.structs.replace(Work(whose, handed, "public", Solution("counter")), **changed)


@pytest.fixture(scope="module")
def handed() -> submissions.Handed:
    return submissions.read(ANSWER, "counter")


@pytest.fixture(scope="module")
def graded(engine, handed) -> Graded:
    return Graded(*grading.grade("ada", handed, engine))


# results that are kept


def test_a_result_is_found_again(tmp_path, graded):
    kept = Results(tmp_path / "kept")
    kept.put("key", graded)
    assert kept.get("key") == graded
    assert kept.get("another") is None
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("part", [0, 1, 0.5, 0.99])
def test_half_a_file_is_no_result(tmp_path, graded, part):
    """After a power cut a file may be there in part."""
    kept = Results(tmp_path)
    kept.put("key", graded)
    content = (tmp_path / "key.json").read_bytes()
    (tmp_path / "key.json").write_bytes(content[: part if part == 1 else int(len(content) * part)])
    assert kept.get("key") is None


def test_what_was_there_stays_when_writing_fails(tmp_path, graded, monkeypatch):
    """A full disk: no half file, no left-over, and the submission is graded all the same."""
    kept = Results(tmp_path)
    kept.put("key", graded)
    monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError):
        kept.put("key", graded)
    assert kept.get("key") == graded
    assert [p.name for p in tmp_path.iterdir()] == ["key.json"]


def test_a_seed_file_is_whole_or_not_there(tmp_path, monkeypatch):
    """Two graders that start together agree on the seed; one that dies leaves no empty file."""
    results.write_new(tmp_path / "seed", b"first")
    results.write_new(tmp_path / "seed", b"second")
    assert (tmp_path / "seed").read_bytes() == b"first"
    monkeypatch.setattr(os, "link", lambda *names: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError):
        results.write_new(tmp_path / "other", b"half")
    assert [p.name for p in tmp_path.iterdir()] == ["seed"]


def test_a_key_follows_all_that_a_result_depends_on(handed):
    key = work(handed).key
    others = [
        work(msgspec.structs.replace(handed, cells=handed.cells[1:])).key,
        work(handed, seed="secret").key,
        work(handed, solution=Solution("counter", (("predict", "x = 1"),))).key,
    ]
    assert len({key, *others}) == 4
    assert key == work(msgspec.structs.replace(handed, sha256="other bytes, same cells"), "bo").key


# faults of ours


def test_what_is_kept_is_not_graded_again(tmp_path, handed, graded, monkeypatch):
    monkeypatch.setattr(grading, "grade", lambda *_: (graded.result, graded.ran))
    first = batch.grade(work(handed), None, Results(tmp_path))
    monkeypatch.setattr(grading, "grade", lambda *_: pytest.fail("graded again"))
    second = batch.grade(work(handed, "bo"), None, Results(tmp_path))
    assert second.result == msgspec.structs.replace(first.result, source="bo")


@pytest.mark.parametrize("times", [1, 2])
def test_a_fault_of_ours_is_tried_once_more(tmp_path, handed, graded, monkeypatch, times):
    """Whatever is raised, the class goes on; what failed twice is not kept, and waits for a person."""
    faults = [RuntimeError("no process")] * times

    def failing(*_):
        if faults:
            raise faults.pop()
        return graded.result, graded.ran

    monkeypatch.setattr(grading, "grade", failing)
    got = batch.grade(work(handed), None, Results(tmp_path))
    assert (got.result.status == "graded") == (times == 1)
    assert bool(list(tmp_path.iterdir())) == (times == 1)
    assert ("no process" in batch.failed(got)) == (times == 2)


@pytest.mark.parametrize("victim", ["zygote", "learner"])
@pytest.mark.parametrize("request_number", [1, 60])
def test_a_killed_process_costs_no_point(handed, graded, monkeypatch, victim, request_number):
    """Somebody kills one of our processes, such as a machine without memory: the submission is graded again."""
    made, asked = learners.Engine(), []
    ask = peers.Peer.ask

    def killing(self, *request):
        asked.append(self)
        if len(asked) == request_number:
            os.kill(self.child.number if victim == "learner" else made.zygote.process.pid, signal.SIGKILL)
        return ask(self, *request)

    monkeypatch.setattr(peers.Peer, "ask", killing)
    try:
        made.zygote.walls = ("landlock", "seccomp")  # no namespaces: numbers of processes are those of this machine
        again = batch.grade(work(handed), made)
    finally:
        made.close()
    assert len(asked) > request_number
    assert again.result.points == graded.result.points
    assert again.result.status == "graded"


def test_a_process_killed_while_a_reference_stands_in_costs_no_point(engine, monkeypatch):
    """What was wrong without the reference may be right with it: the submission is graded again."""
    handed = submissions.read(RIGHT_WITH_A_REFERENCE, "counter")
    helped = work(handed, solution=solution(ROOT / "solutions", "counter"))
    want, left = batch.grade(helped, engine), [1]
    ask = learners.ConfinedLearner.ask

    def killing(self, request):
        if self.stand_ins and isinstance(request, Call) and left and left.pop():
            raise NoProcess("killed")
        return ask(self, request)

    monkeypatch.setattr(learners.ConfinedLearner, "ask", killing)
    got = batch.grade(helped, engine)
    assert not left
    assert got.result.status == "graded"
    assert [(q.id, q.points) for q in got.result.questions] == [(q.id, q.points) for q in want.result.questions]


# nbgrader's autograde, killed


@pytest.fixture
def coursedir(tmp_path) -> CourseDirectory:
    made = CourseDirectory()
    made.root, made.assignment_id, made.student_id = str(tmp_path), "counter", "*"
    made.source_directory = "solutions"
    for folder in ("solutions/counter", "submitted/ada/counter", "submitted/bo/counter", "autograded/ada/counter"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "counter.ipynb").write_text(json.dumps({"metadata": {}}))
    return made


@pytest.mark.parametrize(
    "content, whole",
    [
        ('{"metadata": {}}', True),
        (json.dumps({"metadata": {MARK: True}}), False),
        ('{"metadata": {', False),
        ("[]", False),
        (None, False),
    ],
    ids=["graded", "begun", "half written", "no notebook", "not there"],
)
def test_what_a_run_left_half_done_is_seen(coursedir, content, whole):
    notebook = Path(coursedir.root, "autograded", "ada", "counter", "counter.ipynb")
    notebook.unlink() if content is None else notebook.write_text(content)
    assert resuming.unfinished(coursedir) == ([] if whole else [notebook.parent])


@pytest.mark.parametrize(
    "content, notebook, whole",
    [("<p></p></html>\n", "*", True), ("<p>", "*", False), (None, "*", False), (None, "other", True)],
    ids=["written", "half written", "not there", "not asked for"],
)
def test_feedback_that_a_run_left_half_written_is_seen(coursedir, content, notebook, whole):
    page = Path(coursedir.root, "feedback", "ada", "counter", "counter.html")
    page.parent.mkdir(parents=True)
    coursedir.notebook_id = notebook
    if content is not None:
        page.write_text(content)
    assert resuming.half_written(coursedir) == ([] if whole else [page.parent])


def test_another_run_is_left_alone(tmp_path):
    """While somebody grades a course, what looks half done may be what they are at."""
    code = "import sys; from pathlib import Path; from autograders.course import resuming\n"
    code += "print(resuming.begins(Path(sys.argv[1])), flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "True\n"
        assert not resuming.begins(tmp_path)
        other.stdin.close()
    resuming.running.pop(tmp_path).close()
    assert resuming.begins(tmp_path)
    resuming.running.pop(tmp_path).close()


MOMENTS = {  # a file of the second submission whose coming is the moment of a kill
    "its folder is there": "",
    "its notebook is there": "counter.ipynb",
}


@pytest.mark.xdist_group("round_trip")
def test_an_autograde_that_is_killed_goes_on(tmp_path):
    """`kill -9` at two moments; then the rest is graded, with the points of a run that nobody disturbed."""
    teacher = prepare(tmp_path)
    teacher.nbgrader("generate_assignment", "counter")
    submit(teacher.folder, "counter", 3)
    for file in MOMENTS.values():
        kill_when(teacher, teacher.folder / "autograded" / "learner0001" / "counter" / file)
    said = teacher.nbgrader("autograde", "counter")
    assert "not graded to its end" in said
    points = {}
    with Gradebook(f"sqlite:///{teacher.folder}/gradebook.db") as gradebook:
        for submission in gradebook.assignment_submissions("counter"):
            points[submission.student.id] = [g.auto_score for g in submission.notebooks[0].grades]
    assert len(points) == 3
    for learner, scores in points.items():
        notebook = nbformat.read(teacher.folder / "autograded" / learner / "counter" / "counter.ipynb", as_version=4)
        assert MARK not in notebook.metadata
        result = notebook.metadata["stateless_result"]
        assert [s for s in scores if s is not None] == [q["points"] for q in result["questions"]]
    assert sum(scores.count(None) for scores in points.values()) <= 3  # the explanations, which wait for a person
    what_the_grader_failed_at_is_graded_again(teacher, "learner0002", points["learner0002"])
    feedback_that_is_cut_off_is_written_again(teacher)


def what_the_grader_failed_at_is_graded_again(teacher: Desk, learner: str, points: list) -> None:
    """The notebook keeps its mark, and its points wait for a person until the next run, which finds them."""
    path = teacher.folder / "autograded" / learner / "counter" / "counter.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata |= {MARK: True, KEPT: json.loads(msgspec.json.encode(grading.ungraded("counter.ipynb", "lost")))}
    about = {"assignment": "counter", "notebook": "counter", "student": learner}
    database = f"sqlite:///{teacher.folder}/gradebook.db"
    SavePoints().preprocess(notebook, {"nbgrader": {"db_url": database, **about}})
    nbformat.write(notebook, path)
    assert set(scores_of(database, learner)) == {None}
    assert learner in teacher.nbgrader("autograde", "counter")
    assert scores_of(database, learner) == points


def feedback_that_is_cut_off_is_written_again(teacher: Desk) -> None:
    """A page that ends too early, and a folder without one."""
    teacher.nbgrader("generate_feedback", "counter")
    pages = sorted(teacher.folder.glob("feedback/*/counter/counter.html"))
    before = [page.read_bytes() for page in pages]
    pages[0].write_bytes(before[0][: len(before[0]) // 2])
    pages[1].unlink()
    said = teacher.nbgrader("generate_feedback", "counter")
    assert [f"{page.parent} was not written to its end" in said for page in pages] == [True, True, False]
    assert [page.read_bytes() for page in pages] == before
    assert "not written" not in teacher.nbgrader("generate_feedback", "counter")


def scores_of(database: str, learner: str) -> list[float | None]:
    with Gradebook(database) as gradebook:
        return [g.auto_score for g in gradebook.find_submission("counter", learner).notebooks[0].grades]


def kill_when(teacher: Desk, file: Path) -> None:
    """Start autograde, and kill it, and all that it started, as soon as a file is there."""
    with subprocess.Popen(
        [sys.executable, "-m", "nbgrader", "autograde", "counter"],
        cwd=teacher.folder,
        env=teacher.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as run:
        while not file.exists() and run.poll() is None:
            time.sleep(0.005)
        run.kill()
    assert file.exists()
