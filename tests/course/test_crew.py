"""Workers side by side: one that dies takes nobody with it, and none outlives the process that hands out the tasks."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from autograders.course import crew
from autograders.course.crew import Crew
from autograders.sandbox import cores
from tests.conftest import ROOT


def double(number: int) -> int:
    return 2 * number


def die_at_seven(number: int) -> int:
    if number == 7:
        os._exit(1)
    return number


def die_the_first_time(place: Path) -> str:
    if not place.exists():
        place.touch()
        os._exit(1)
    return "done"


def refuse(number: int) -> int:
    raise ValueError(f"not {number}")


def sleep_for_long(place: Path) -> None:
    crew.own_engine().layers  # noqa: B018 (what it shares with others is at work)
    place.write_text(str(os.getpid()))
    time.sleep(600)


def shares(place: Path) -> bool:
    """Whether this worker's zygote is a branch; the worker dies where it is the first."""
    engine = crew.own_engine()
    assert "process" in engine.layers
    if not place.exists():
        place.touch()
        os._exit(1)
    return engine.zygote.process is None


def runs_on(_: int) -> list[int]:
    """The cores of this worker, whose zygote is at work."""
    assert crew.own_engine().layers
    return cores.own()


@pytest.fixture(scope="module")
def crew_of_two():
    with Crew(2) as made:
        yield made


@pytest.fixture
def two(crew_of_two):
    crew_of_two.stopping = False
    return crew_of_two


def test_every_task_is_done_once(two):
    assert dict(two.run(double, range(20))) == {n: 2 * n for n in range(20)}


def test_a_worker_does_not_wait_for_who_looks_at_its_results():
    taken = []
    with Crew(1) as one:
        results = one.run(double, (taken.append(n) or n for n in range(5)))
        assert (next(results), taken) == ((0, 0), [0, 1])
        assert list(results) == [(n, 2 * n) for n in range(1, 5)]


def test_what_is_known_is_not_handed_out(two):
    found = dict(two.run(refuse, range(5), lambda number: -number - 1))
    assert found == {n: -n - 1 for n in range(5)}


def test_a_worker_that_dies_takes_nobody_with_it(two):
    found = dict(two.run(die_at_seven, range(10)))
    assert isinstance(found.pop(7), Exception)
    assert found == {n: n for n in range(10) if n != 7}
    assert dict(two.run(double, [1, 2, 3])) == {1: 2, 2: 4, 3: 6}  # another worker is in its place


def test_a_task_whose_worker_died_is_tried_again(two, tmp_path):
    assert dict(two.run(die_the_first_time, [tmp_path / "seen"])) == {tmp_path / "seen": "done"}


def test_an_exception_is_handed_over(two):
    ((_, trouble),) = two.run(refuse, [3])
    assert isinstance(trouble, ValueError) and str(trouble) == "not 3"


def test_no_more_tasks_are_taken_up_than_there_are_workers(two):
    """A class of any size needs no more memory than a small one."""
    taken = []
    tasks = (taken.append(n) or n for n in range(50))
    for done, _ in enumerate(two.run(double, tasks), 1):
        assert len(taken) <= done + len(two.idle) + 2


def test_stopping_finishes_what_has_begun(two):
    done = []
    for task, _ in two.run(double, range(50)):
        done.append(task)
        two.stopping = len(done) >= 5
    assert 5 <= len(done) <= 7


def test_a_worker_in_the_place_of_a_dead_one_shares_the_trunk(tmp_path):
    with crew.trunk(1, 1) as trunk, Crew(1, trunk) as one:
        assert dict(one.run(shares, [tmp_path / "seen"])) == {tmp_path / "seen": True}
    with Crew(1) as alone:
        assert dict(alone.run(shares, [tmp_path / "seen"])) == {tmp_path / "seen": False}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes cannot choose their cores")
def test_as_many_workers_as_cores_have_one_each(monkeypatch, tmp_path):
    """Also their zygotes, and a worker in the place of one that died; of another number, each runs on all cores."""
    every = cores.own()
    two = every[:2]
    monkeypatch.setattr(cores, "own", lambda: two)
    with crew.trunk(len(two), 1) as trunk, Crew(len(two), trunk) as each:
        list(each.run(die_the_first_time, [tmp_path / "seen"]))
        assert sorted(on for _, on in each.run(runs_on, range(len(two)))) == [[core] for core in two]
        zygotes = [p for p in psutil.Process().children(recursive=True) if "autograders.sandbox.zygote" in p.cmdline()]
        assert {tuple(p.cpu_affinity()) for p in zygotes} == {tuple(every), *((core,) for core in two)}
    with Crew(len(two) + 1) as more:
        assert dict(more.run(runs_on, [0])) == {0: every}


def test_a_worker_runs_on_where_it_may_not_choose_its_core(monkeypatch):
    def refused(*_):
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", refused)
    cores.stay_on(cores.own())
    cores.stay_on([])


def test_workers_end_with_the_process_that_hands_out(tmp_path):
    """Also where that one is killed, and cannot say goodbye; and so does what they share."""
    says = f"""
from pathlib import Path
from autograders.course.crew import Crew, trunk
from tests.course.test_crew import sleep_for_long
if __name__ == "__main__":
    with trunk(1, 1) as shared, Crew(1, shared) as crew:
        list(crew.run(sleep_for_long, [Path({str(tmp_path / "worker")!r})]))
"""
    (tmp_path / "main.py").write_text(says)
    parent = subprocess.Popen([sys.executable, str(tmp_path / "main.py")], env=os.environ | {"PYTHONPATH": str(ROOT)})
    worker = None
    while worker is None:
        assert parent.poll() is None
        time.sleep(0.05)
        said = (tmp_path / "worker").read_text() if (tmp_path / "worker").exists() else ""
        worker = psutil.Process(int(said)) if said else None
    below = psutil.Process(parent.pid).children(recursive=True)
    assert worker in below and len(below) > 3
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    _, alive = psutil.wait_procs(below, timeout=60)
    assert not alive


def test_ctrl_c_reaches_no_worker(two):
    """The terminal sends it to all; who hands out the tasks decides."""
    assert dict(two.run(interrupt_oneself, [1])) == {1: "still here"}


def interrupt_oneself(number: int) -> str:
    os.kill(os.getpid(), signal.SIGINT)
    return "still here"
