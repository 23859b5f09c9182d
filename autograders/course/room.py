"""How many workers there is room for on this machine, or in the container or the job that this process is part of."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil

MEMORY = 2**30  # bytes for a worker, its evaluator and a submission's process; two workers took 0.9 GiB


def fitting() -> int:
    """As many workers as cores and free memory allow; at least one."""
    from joblib import cpu_count  # its import takes 0.07 s, which who names a number need not wait for

    free = min(psutil.virtual_memory().available, *_limits(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")))
    return max(1, min(cpu_count(), free // MEMORY))


def _limits(about: Path, mounted: Path) -> Iterator[int]:
    """The bytes of memory that the control groups of this process may have, also the outer ones, where they have a limit."""
    for file in _limit_files(about, mounted):
        with contextlib.suppress(OSError, ValueError):  # it is not there, or says `max`
            yield int(file.read_text())


def _limit_files(about: Path, mounted: Path) -> Iterator[Path]:
    """Where the limit of each such group would be told.

    A line of `about` says `number:controllers:path`, in version 2 without controllers; see
    https://docs.kernel.org/admin-guide/cgroup-v2.html#memory. A container may see its own group as the root.
    """
    lines = []
    with contextlib.suppress(OSError):
        lines = about.read_text().splitlines()
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers or "memory" in controllers.split(","):
            top, name = (mounted / "memory", "memory.limit_in_bytes") if controllers else (mounted, "memory.max")
            group = Path(path.lstrip("/"))
            yield from (top / one / name for one in (group, *group.parents))
