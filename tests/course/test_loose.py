"""Files that no course records: each is told, Ctrl-C ends the run when what has begun is done, and the next one goes on."""

import json
import signal

import pytest

from autograders.course import batch, loose
from autograders.course.results import Graded, Results
from tests.helpers import RIGHT, made_up


class InTurn:
    """A crew that grades one file after the other; Ctrl-C comes while it grades the file of this number."""

    def __init__(self, interrupted: int = 0):
        self.interrupted, self.asked = interrupted, []
        self.idle, self.stopping = [None], False

    def run(self, work, tasks, known=lambda task: None):
        for task in tasks:
            if work is batch.start_here:
                yield task, ""
            elif not self.stopping:
                yield task, known(task) or self.graded(task.source)

    def graded(self, source: str) -> Graded:
        self.asked.append(source)
        if len(self.asked) == self.interrupted:
            signal.raise_signal(signal.SIGINT)
        return made_up(source)

    def __enter__(self) -> "InTurn":
        return self

    def __exit__(self, *_) -> None: ...


def grade(crew: InTurn, as_json: bool = True, results: Results | None = None, also=()) -> int:
    works = [batch.read(path, "counter", "public", None) for path in (*RIGHT, *also)]
    return loose.grade(works, len(works), crew, as_json, results, accept_weak=False)


def test_ctrl_c_ends_with_what_has_begun_and_the_next_run_goes_on(tmp_path, capsys):
    results, stopped, second = Results(tmp_path), InTurn(interrupted=3), InTurn()
    assert grade(stopped, results=results) == 130
    out, err = capsys.readouterr()
    assert [json.loads(line)["source"] for line in out.splitlines()] == list(map(str, RIGHT[:3]))
    assert "Stopped: 3 of 6 are graded; the same command goes on from here." in err
    assert grade(second, results=results) == 0
    assert second.asked == list(map(str, RIGHT[3:]))
    assert len(capsys.readouterr().out.splitlines()) == 6


def test_without_a_folder_for_results_a_stopped_run_says_how_to_have_one(capsys):
    assert grade(InTurn(interrupted=1)) == 130
    assert "1 of 6 are graded; with --results FOLDER they would have been kept" in capsys.readouterr().err


@pytest.mark.parametrize("as_json", [True, False])
def test_who_waits_for_a_person_is_told_at_the_end(as_json, tmp_path, capsys):
    """A file's name may hold what a terminal would obey."""
    bad = tmp_path / "ada\x1b[2J.ipynb"
    bad.write_text("{")
    assert grade(InTurn(), as_json, also=[bad]) == 1
    out, err = capsys.readouterr()
    assert "Not graded, a person has to look:" in err and "ada?[2J.ipynb" in err and "not a notebook" in err
    assert "\x1b" not in out + err
    assert out.count("\n") == 7 if as_json else "counter, 0 of 0 points" in out
