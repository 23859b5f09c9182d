"""A class is graded in the order of its files, whoever is done first; what is known is not graded, nobody is left out."""

import dataclasses
import gc
import weakref
from pathlib import Path

import msgspec
import pytest

from autograders.course import batch, crew
from autograders.course.results import Results
from tests.helpers import RIGHT, made_up


@dataclasses.dataclass
class LastFirst:
    """A crew that takes up three tasks at once, and is done with the last of them first."""

    outcome: dict[str, object]
    asked: list[str] = dataclasses.field(default_factory=list)

    def run(self, work, tasks, known):
        begun = []
        for task in tasks:
            if (before := known(task)) is not None:
                yield task, before
                continue
            self.asked.append(task.source)
            begun.append(task)
            if len(begun) == 3:
                yield from ((t, self.outcome[t.source]) for t in reversed(begun))
                begun = []
        yield from ((t, self.outcome[t.source]) for t in reversed(begun))


@pytest.fixture
def works():
    return [batch.read(path, "counter", "public", None) for path in RIGHT]


@pytest.fixture
def outcomes(works):
    return {work.source: made_up(work.source) for work in works}


def test_results_come_in_the_order_of_the_files(works, outcomes):
    found = list(batch.grade_all(works, LastFirst(outcomes)))
    assert [work.source for work, _ in found] == [str(path) for path in RIGHT]
    assert all(result.result.source == work.source for work, result in found)


def test_what_is_kept_is_not_graded_again(works, outcomes, tmp_path):
    crew, again = LastFirst(outcomes), LastFirst({})
    first = list(batch.grade_all(works, crew, Results(tmp_path)))
    second = list(batch.grade_all(works, again, Results(tmp_path)))
    assert len(crew.asked) == len(RIGHT) and not again.asked
    assert [g.result for _, g in second] == [
        msgspec.structs.replace(g.result, submission=w.handed.sha256) for w, g in first
    ]
    assert all(g.kept for _, g in second) and not any(g.kept for _, g in first)


def test_only_what_changed_is_graded_again(works, outcomes, tmp_path):
    list(batch.grade_all(works, LastFirst(outcomes), Results(tmp_path)))
    cells = (*works[2].handed.cells, works[2].handed.cells[0])
    works[2] = msgspec.structs.replace(works[2], handed=msgspec.structs.replace(works[2].handed, cells=cells))
    crew = LastFirst(outcomes)
    assert len(list(batch.grade_all(works, crew, Results(tmp_path)))) == len(RIGHT)
    assert crew.asked == [works[2].source]


def test_a_worker_that_died_twice_leaves_a_submission_to_a_person(works, outcomes, tmp_path):
    outcomes[works[1].source] = RuntimeError("killed")
    found = dict(
        (work.source, result) for work, result in batch.grade_all(works, LastFirst(outcomes), Results(tmp_path))
    )
    assert len(found) == len(RIGHT)
    lost = found[works[1].source]
    assert lost.result.status == "internal" and "killed" in batch.failed(lost)
    crew = LastFirst({works[1].source: made_up("x")})
    assert len(list(batch.grade_all(works, crew, Results(tmp_path)))) == len(RIGHT)
    assert crew.asked == [works[1].source]  # it was not kept


def test_a_file_that_cannot_be_read_costs_nobody_else_anything(works, outcomes, tmp_path):
    (tmp_path / "torn.ipynb").write_text('{"cells": [')
    torn = batch.read(tmp_path / "torn.ipynb", "", "public", None)
    found = list(batch.grade_all([torn, *works], LastFirst(outcomes)))
    assert [result.result.status for _, result in found] == ["internal"] + ["graded"] * len(RIGHT)
    assert "cut off" in batch.failed(found[0][1]) and str(Path("torn.ipynb")) not in batch.failed(found[0][1])


class Circle:
    """What refers to itself, as a test's failure does: only the garbage collector frees it."""

    def __init__(self):
        self.itself = self


def test_nothing_of_a_submission_is_kept_in_the_process_that_graded_it(monkeypatch, works):
    left = []

    def make(work, _):
        left.append(weakref.ref(Circle()))
        return made_up(work.source)

    monkeypatch.setattr(batch, "tried", make)
    monkeypatch.setattr(batch.crew, "own_engine", lambda: None)
    gc.disable()
    try:
        assert batch.grade_here(works[0]).result.status == "graded"
        assert left[0]() is None
    finally:
        gc.enable()


def test_what_a_process_has_before_it_grades_is_not_looked_at_again():
    crew.own_engine.cache_clear()
    frozen = gc.get_freeze_count()
    try:
        crew.own_engine()
        assert gc.get_freeze_count() > frozen + 10_000
    finally:
        gc.unfreeze()
        crew.own_engine.cache_clear()
