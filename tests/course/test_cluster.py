"""Grading on a Dask cluster: a real scheduler and workers as processes of their own; some die, some must not grade."""

import functools
import os
import signal
from collections.abc import Iterator

import msgspec
import psutil
import pytest
from distributed import KilledWorker
from typer.testing import CliRunner

from autograders.cli import app
from autograders.course import batch, cluster
from autograders.course.cluster import Cluster
from autograders.course.crew import Crew, NoWorkers
from tests import clusters
from tests.clusters import workers
from tests.conftest import ROOT
from tests.helpers import without_usage

pytestmark = [pytest.mark.xdist_group("cluster"), pytest.mark.filterwarnings("ignore")]
FILES = sorted((ROOT / "tests" / "submissions" / "counter").glob("good__n*.py"))
OTHER_VERSIONS = "from autograders.judge import grading\ngrading.versions = lambda: {'jax': '0.0.1'}\n"


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with clusters.scheduler() as address:
        yield address


def submissions() -> list:
    return [batch.read(path, "counter", "a seed", ROOT / "solutions") for path in FILES]


def documents(graded: Iterator) -> list[dict]:
    """Results without what was used, as JSON."""
    return [without_usage(msgspec.to_builtins(one.result)) for _, one in graded]


def test_a_worker_is_killed_and_nothing_is_lost(scheduler):
    """Each submission has one result, in their order, the same as on this machine; and nothing of the dead one is left."""
    with Crew(1) as local:
        wanted = documents(batch.grade_all(submissions(), local))
    with workers(scheduler, 2) as processes, Cluster(scheduler, accept_weak=False) as there:
        graded = batch.grade_all(submissions(), there)
        first = next(graded)
        children = processes[0].children(recursive=True)
        processes[0].send_signal(signal.SIGKILL)
        assert documents([first, *graded]) == wanted
        assert len(wanted) == len(FILES)
        gone, alive = psutil.wait_procs(children, timeout=10)
        assert gone and not alive


def test_a_task_that_kills_its_workers_is_lost_alone(scheduler):
    """After some deaths it gets no other worker; the other tasks are done."""
    with workers(scheduler, 2), Cluster(scheduler, accept_weak=False) as there:
        made = dict(there.run(doubled, [1, 2, -1, 3, 4]))
    assert {task: got for task, got in made.items() if task > 0} == {1: 2, 2: 4, 3: 6, 4: 8}
    assert isinstance(made[-1], KilledWorker)


def doubled(number: int) -> int:
    if number < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def test_a_worker_with_other_versions_does_not_grade(scheduler, tmp_path):
    """It is sent away, and told of; with a fit one beside it, all is graded, and without one nothing is."""
    (tmp_path / "other.py").write_text(OTHER_VERSIONS)
    other = functools.partial(workers, scheduler, 1, "--preload", str(tmp_path / "other.py"))
    with workers(scheduler, 1), other(), Cluster(scheduler, accept_weak=False) as there:
        assert dict(there.run(doubled, range(1, 9))) == {n: 2 * n for n in range(1, 9)}
        assert ["jax 0.0.1" in why for why in there.sent_away.values()] in ([], [True])
    with other(), Cluster(scheduler, accept_weak=False) as there, pytest.raises(NoWorkers, match=r"jax 0\.0\.1 \(here"):
        dict(there.run(doubled, [1, 2, 3]))


def test_no_scheduler():
    done = CliRunner().invoke(app, ["grade", str(FILES[0]), "--scheduler", "tcp://127.0.0.1:1"])
    assert done.exit_code == 2 and "No Dask scheduler answers at tcp://127.0.0.1:1" in done.output
    assert "dask scheduler" in done.output and "Traceback" not in done.output


def test_a_scheduler_without_workers(scheduler, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_S", 1.0)
    done = CliRunner().invoke(app, ["grade", str(FILES[0]), "--scheduler", scheduler])
    assert done.exit_code == 2 and "has no worker" in done.output and f"dask worker {scheduler}" in done.output
