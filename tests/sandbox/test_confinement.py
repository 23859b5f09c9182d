"""A confined process cannot read, write, start or reach what is not its own, and every result names its layers."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator

import pytest

from autograders.judge.learners import Engine, TooWeak
from autograders.learner.messages import Cell
from autograders.sandbox import starting
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux's")


@contextlib.contextmanager
def engine_with(walls: tuple[str, ...]) -> Iterator[Engine]:
    made = Engine(walls=walls)
    yield made
    made.close()


ATTEMPTS = {
    "reads the password file": "open('/etc/passwd').read()",
    "reads a solution": f"open({str(ROOT / 'solutions' / 'counter' / 'counter.py')!r}).read()",
    "lists a home": "import os, pathlib\nos.listdir(pathlib.Path('/root'))",
    "writes outside": "open('/tmp/stateless-was-here', 'w')",
    "writes to the package": "import autograders\nopen(autograders.__file__, 'a')",
    "forks": "import os\nos.fork()",
    "starts a program": "import subprocess\nsubprocess.run(['true'])",
    "opens a socket": "import socket\nsocket.socket()",
    "signals its parent": "import os\nos.kill(os.getppid(), 9)",
    "kills itself": "import signal\nsignal.raise_signal(signal.SIGKILL)",
    "traces": "import ctypes\nassert ctypes.CDLL(None, use_errno=True).ptrace(0, 0, 0, 0) == 0",
}


@pytest.fixture(scope="module")
def learner(engine):
    cells = [Cell(i, f"{source}\nprint('DONE IT')") for i, source in enumerate(ATTEMPTS.values())]
    learner = engine.learner(cells)
    learner.start()
    yield learner
    learner.close()


def test_the_layers_are_named(learner):
    """The layers within the process are active and listed, behind the walls that this machine can put up."""
    assert learner.layers[-4:] == ["process", "rlimits", "landlock", "seccomp"]
    assert ("namespaces" in learner.layers) == starting.namespaces_start()


@pytest.mark.parametrize("place", range(len(ATTEMPTS)), ids=list(ATTEMPTS))
def test_an_attempt_is_refused(learner, place):
    """It ends in an error, and what follows it does not run."""
    assert learner.ran[place].error
    assert "DONE IT" not in "".join(json.dumps(o) for o in learner.ran[place].outputs if '"stream"' in o)


def test_the_scratch_folder_is_writable(engine):
    """A learner may write files beside the notebook; they are gone afterwards."""
    write, find = "open('notes.txt', 'w').write('x')\nprint(open('notes.txt').read())", "open('notes.txt')"
    learner = engine.learner([Cell(0, write)])
    learner.start()
    assert learner.ran[0].error == ""
    learner.close()
    after = engine.learner([Cell(0, find)])
    after.start()
    assert after.ran[0].error == "FileNotFoundError"
    after.close()


@pytest.mark.parametrize("wall", starting.NEEDED)
def test_a_class_is_refused_where_a_wall_is_missing(wall):
    """The message names the wall, what could happen, and how to accept it in so many words."""
    with engine_with(tuple(name for name in starting.WALLS if name != wall)) as weak:
        with pytest.raises(TooWeak, match=f"{wall} does not hold.*--accept-weak-confinement"):
            weak.require_confinement(accept_weak=False)
        weak.require_confinement(accept_weak=True)


def test_a_class_is_graded_without_namespaces():
    """Landlock and seccomp are enough."""
    with engine_with(starting.NEEDED) as plain:
        plain.require_confinement(accept_weak=False)
        assert plain.layers == ["process", "rlimits", "landlock", "seccomp"]


@pytest.mark.parametrize(
    "ends, start",
    [(["kill -9 $$", "exit 137", "exit 0"], True), (["kill -9 $$", "exit 1"], False), (["exit 1", "exit 0"], False)],
    ids=["killed twice", "killed, then refused", "refused"],
)
def test_a_try_of_the_walls_that_was_killed_says_nothing(tmp_path, monkeypatch, ends, start):
    """Otherwise a class would be graded without namespaces where they hold."""
    for number, end in enumerate(ends):
        (tmp_path / str(number)).write_text(end)
    bwrap = tmp_path / "bwrap"
    bwrap.write_text(
        f'#!/bin/sh\nnext=$(ls {tmp_path} | head -n 1)\nend=$(cat {tmp_path}/$next)\nrm {tmp_path}/$next\neval "$end"\n'
    )
    bwrap.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert starting.namespaces_start.__wrapped__() == start
