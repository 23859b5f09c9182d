"""A backend that runs before the fork: half of its threads wait for the fork, and who comes late is judged like the first."""

import contextlib
import json
import subprocess
import sys
import threading
import time

import msgspec
import pytest
from threadpoolctl import threadpool_info

from autograders.judge import grading, submissions
from autograders.judge.learners import Engine
from autograders.sandbox import compiled, threads, zygote
from autograders.sandbox.zygote import FEW
from tests.conftest import ROOT
from tests.helpers import without_usage

HELD = """
import json, os, sys
import jax
from autograders.sandbox import threads
first = threads.count()
with threads.held_back("jaxlib") as noted:
    jax.devices()
ours, reading, writing = threads.count(), *os.pipe()
assert threads.asleep()
if os.fork() == 0:
    alone = threads.count()
    threads.start(noted)
    os.write(writing, json.dumps([alone, threads.count()]).encode())
    os._exit(0)
print(json.dumps([first, ours, len(noted), *json.loads(os.read(reading, 100))]))
os._exit(0)
"""
NOT_KEPT = """
import os
import jax
from autograders.sandbox import threads, warmup
from autograders.sandbox.compiled import Programs
from pathlib import Path
Programs(Path(os.getcwd())).use()
jax.devices()
before = set(os.listdir(threads.TASKS))
try:
    with warmup.never_compiling():
        jax.jit(lambda x: x + 1)(1.0)
except warmup.NotKept:
    print(len(set(os.listdir(threads.TASKS)) - before))
print(jax.jit(lambda x: x + 2)(1.0))
"""


def said(program: str, folder) -> str:
    ran = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_half_of_the_threads_start_in_the_fork(tmp_path):
    """The process has the one half, a fork of it the other."""
    first, ours, held, alone, there = json.loads(said(HELD, tmp_path))
    assert ours - first in (held, held + 1) and held > 2
    assert alone == 1 and there == 1 + held


def test_what_was_not_kept_is_not_compiled(tmp_path):
    """A program that is not in the folder raises, and no thread has started for it; afterwards all is as before."""
    assert said(NOT_KEPT, tmp_path).split() == ["0", "3.0"]


def test_a_package_without_threads_is_told():
    """A library that is loaded, but starts no threads, is not mistaken for one that does."""
    assert list(threads._loaded("msgspec"))
    with (
        pytest.raises(threads.Unsupported, match="no library of msgspec starts threads"),
        threads.held_back("msgspec"),
    ):
        pass


def test_a_fork_does_all_that_needs_threads(engine):
    """It was tried when this machine's programs were compiled, and works again."""
    assert compiled.proven(engine.library)
    assert engine._prove(engine.library)


@pytest.mark.parametrize(("works", "kept"), [(True, "yes"), (False, "no")])
def test_what_was_tried_is_kept(tmp_path, monkeypatch, works, kept):
    """It is tried once on a machine; where it did not work, nobody is forked beside a running backend."""
    monkeypatch.setattr(compiled, "root", lambda: tmp_path)
    tried = []
    for _ in range(2):
        library = compiled.ensure(dict, lambda library: tried.append(library) or works)
    assert (tried, (library / compiled.PROOF).read_text()) == ([library], kept)
    for asked, expected in ((FEW + 1, 0), (1, FEW + 1)):
        monkeypatch.setattr(zygote, "backend", zygote.Backend(asked=asked))
        assert zygote._pays(library, expected) == works
        assert not zygote._pays(library, 0) or asked > FEW


def test_who_comes_together_compiles_once(tmp_path, monkeypatch):
    """Workers that start side by side on a new machine wait for the first of them."""
    monkeypatch.setattr(compiled, "root", lambda: tmp_path)
    compiling, second_is_there = [], threading.Event()

    def compile_all() -> dict[str, bytes]:
        compiling.append(threading.current_thread())
        second_is_there.wait(0.5)  # where nobody waits, the second comes here meanwhile
        second_is_there.set()
        return {}

    together = [threading.Thread(target=compiled.ensure, args=(compile_all, lambda library: True)) for _ in range(2)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert len(compiling) == 1


def test_a_thread_too_many_forbids_forks(monkeypatch):
    """Nobody is forked beside a thread that is not the backend's, which may hold a lock."""
    time.sleep(0.2)  # a thread that was joined may still be about to end
    monkeypatch.setattr(zygote, "backend", zygote.Backend(threads=threads.count()))
    assert "beside" not in zygote._cannot_fork()
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        for _ in range(2):
            assert zygote._cannot_fork() == "a thread has started in the zygote beside its backend's"
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("name", ["good__train_state", "bad__updates_like_adam__new_opt_state_dropped"])
def test_who_comes_late_is_judged_like_the_first(name, stand_ins):
    """The first learners start a backend of their own, later ones find one that runs: the results are the same."""
    path = ROOT / "tests" / "submissions" / "train_step" / f"{name}.py"
    handed = submissions.read(path)
    with contextlib.closing(Engine()) as own:
        results = [grading.grade(path.name, handed, own, references=stand_ins("train_step"))[0] for _ in range(FEW + 1)]
    first, *_, last = [without_usage(msgspec.to_builtins(result)) for result in results]
    assert first == last


def test_the_judge_takes_one_core(engine):
    """NumPy's products in the judge are computed by one thread, for workers beside it have the other cores."""
    assert engine
    assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}
