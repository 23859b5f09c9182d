"""How much one submission asks for: counts are the same on every machine, and more of them would be slower on all."""

import collections

import pytest

from autograders.judge import grading, submissions
from autograders.judge.peers import Compiler, Evaluator, Peer
from tests.conftest import ROOT
from tests.helpers import warm_up

KINDS = ("Choose", "Run", "Call", "Trace", "Evaluate", "Lookup")
ASKED = {  # of the solutions, as notebooks
    "counter": {"Choose": 1, "Run": 11, "Call": 184, "Trace": 13, "Evaluate": 19, "Lookup": 4},
    "linen_module": {"Choose": 1, "Run": 9, "Call": 67, "Trace": 6, "Evaluate": 9},
    "train_step": {"Choose": 1, "Run": 13, "Call": 54, "Trace": 7, "Evaluate": 37, "Lookup": 2},
}
PROGRAMS = {"counter": 4, "linen_module": 0, "train_step": 1}  # compiled by the grader, with the versions pinned


@pytest.fixture
def asked(monkeypatch) -> collections.Counter:
    """By kind of request, how often a confined process was asked; also the programs that were wanted, and those compiled anew."""
    counts: collections.Counter = collections.Counter()
    ask, compile_, call = Peer.ask, Evaluator.compile, Compiler.__call__

    def counted(peer, request, *others):
        counts[type(request).__name__] += type(request).__name__ != "Compile"
        return ask(peer, request, *others)

    def compiled(evaluator, *others):
        counts["compiled"] += 1
        return compile_(evaluator, *others)

    def wanted(compiler, *others):
        counts["programs"] += 1
        return call(compiler, *others)

    monkeypatch.setattr(Peer, "ask", counted)
    monkeypatch.setattr(Evaluator, "compile", compiled)
    monkeypatch.setattr(Compiler, "__call__", wanted)
    return counts


@pytest.mark.parametrize("exercise", ASKED)
def test_what_a_solution_asks_for(engine, stand_ins, asked, exercise):
    """So many cells, calls, traces and evaluations; and the second time, nothing is compiled that was compiled before."""
    warm_up(engine)
    path = ROOT / "solutions" / exercise / f"{exercise}.ipynb"
    handed = submissions.read(path)
    for time in ("first", "second"):
        asked.clear()
        result, _ = grading.grade(path.name, handed, engine, "a seed", stand_ins(exercise))
        assert result.points == result.max_points
        kinds = {kind: asked[kind] for kind in KINDS if asked[kind]}
        assert kinds == ASKED[exercise]
        assert asked["programs"] == PROGRAMS[exercise]
        if time == "second":
            assert asked["compiled"] == 0
