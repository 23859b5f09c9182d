"""The evaluator serves a whole class: what earlier programs used or broke is not charged to the next submission."""

import ctypes
import dataclasses
import gc
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import psutil
import pytest

from autograders.checks.failure import LimitHit
from autograders.judge import peers
from autograders.judge.learners import Engine
from autograders.judge.peers import Peer, ProcessLost
from autograders.learner.messages import Evaluate, Usage
from autograders.learner.values import array_from_wire, array_to_wire
from autograders.sandbox import evaluator, interpreter


def asking(function) -> Evaluate:
    x = jnp.arange(3.0)
    program = jax.export.export(jax.jit(function))(x).serialize()
    return Evaluate(bytes(program), (array_to_wire(np.arange(3.0, dtype=np.float32)),))


def answer(engine: Engine) -> list[float]:
    return array_from_wire(engine.evaluate(asking(lambda x: (x + 1,))).outputs[0]).tolist()


def lost(peer: Peer, *_) -> None:
    peer.close()
    raise ProcessLost("it was worn out")


def test_what_an_earlier_program_left_behind_costs_nobody_a_point(monkeypatch, engine):
    answer(engine)
    before = engine.evaluate.peer
    monkeypatch.setattr(before, "ask", partial(lost, before))
    assert answer(engine) == [1, 2, 3]
    assert engine.evaluate.peer is not before


def test_a_zygote_that_was_killed_costs_nothing_afterwards():
    """Its evaluator went with it; the next question finds another."""
    engine = Engine()
    try:
        assert answer(engine) == [1, 2, 3]
        engine.zygote.process.kill()
        assert answer(engine) == [1, 2, 3]
    finally:
        engine.close()


def test_a_program_that_a_new_process_does_not_survive_has_hit_a_limit(monkeypatch, engine):
    monkeypatch.setattr(Peer, "ask", lost)
    with pytest.raises(LimitHit, match="worn out"):
        answer(engine)
    monkeypatch.undo()
    assert answer(engine) == [1, 2, 3]


@pytest.mark.parametrize("limits", [{"cpu_s": 0}, {"memory": 1}])
def test_an_evaluator_that_has_used_much_is_started_anew(monkeypatch, engine, limits):
    monkeypatch.setattr(peers, "LOOKED_AFTER", 2)
    answer(engine)
    assert answer(engine) == [1, 2, 3]
    fresh = engine.evaluate.peer
    monkeypatch.setattr(engine.evaluate, "limits", dataclasses.replace(engine.limits, **limits))
    assert answer(engine) == answer(engine) == answer(engine) == [1, 2, 3]
    assert engine.evaluate.peer is not fresh


def test_an_evaluator_that_has_answered_enough_is_started_anew(monkeypatch, engine):
    answer(engine)
    before = engine.evaluate.peer
    monkeypatch.setattr(peers, "LASTS", engine.evaluate.asked + 2)
    found = [(answer(engine), engine.evaluate.peer is before) for _ in range(3)]
    assert found == [([1, 2, 3], True), ([1, 2, 3], True), ([1, 2, 3], False)]


def test_a_class_of_any_size_needs_no_more_programs_than_a_small_one():
    """Of native code few are kept; both kinds still answer when they were forgotten."""
    client, many = jax.devices()[0].client, interpreter.COMPILED + 10
    before = len(client.live_executables())
    kept = []
    for _ in range(2):
        for k in range(many):
            found = evaluator.evaluate(asking(lambda x, k=k: (jnp.sort(x) + k,)))  # the interpreter knows no sort
            assert array_from_wire(found.outputs[0]).tolist() == [k, k + 1, k + 2]
        gc.collect()
        kept.append(len(client.live_executables()) - before)
    assert max(kept) <= interpreter.COMPILED  # less where others' were forgotten meanwhile
    assert evaluator._load.cache_info().maxsize == evaluator.PROGRAMS


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="only glibc gives memory back when asked")
def test_a_process_that_is_asked_what_it_uses_gives_back_what_it_does_not():
    """What was freed below something that is kept."""
    process = psutil.Process()
    held = [bytes(4000) for _ in range(20_000)]
    before, held[:-1] = process.memory_info().rss, []
    evaluator.answer(Usage())
    assert before - process.memory_info().rss > 40 * 2**20
    assert len(held) == 1
