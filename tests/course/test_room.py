"""How many workers `--workers auto` is: a container often has less than its machine."""

import joblib
import pytest

from autograders.course import room

GIB = 2**30


@pytest.mark.parametrize(
    "cores, free, limit, workers",
    [(64, 5.5, 8, 5), (64, 100, 6.5, 6), (3, 100, 100, 3), (2, 0.1, 8, 1), (2, 8, 0.1, 1)],
    ids=["memory", "the container's memory", "cores", "no memory", "a container without memory"],
)
def test_workers_fit(monkeypatch, cores, free, limit, workers):
    monkeypatch.setattr(joblib, "cpu_count", lambda: cores)
    monkeypatch.setattr(room.psutil, "virtual_memory", lambda: type("Memory", (), {"available": int(free * GIB)}))
    monkeypatch.setattr(room, "_limits", lambda *_: [64 * GIB, int(limit * GIB)])
    assert room.fitting() == workers


GROUPS = {
    "a container that sees its group as the root": ("0::/\n", {"memory.max": 4}, 4),
    "a job of Slurm": ("0::/slurm/job_7/step_0\n", {"slurm/job_7/memory.max": 3, "slurm/memory.max": 8}, 3),
    "version 1": ("4:memory:/docker/a\n3:cpuset:/b\n", {"memory/docker/a/memory.limit_in_bytes": 2}, 2),
    "version 1, seen as the root": ("4:memory:/docker/a\n0::/\n", {"memory/memory.limit_in_bytes": 2}, 2),
    "no limit": ("0::/\n", {"memory.max": "max"}, None),
    "no groups": (None, {}, None),
}


@pytest.mark.parametrize("about, files, least", GROUPS.values(), ids=GROUPS)
def test_limits_of_control_groups_are_found(tmp_path, about, files, least):
    mounted = tmp_path / "mounted"
    for name, limit in files.items():
        (mounted / name).parent.mkdir(parents=True, exist_ok=True)
        (mounted / name).write_text(f"{limit if limit == 'max' else limit * GIB}\n")
    if about:
        (tmp_path / "about").write_text(about)
    limits = room._limits(tmp_path / "about", mounted)
    assert min(limits, default=None) == (least * GIB if least else None)
