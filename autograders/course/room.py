"""How many workers there is room for on this machine, or in the container or the job that this process is part of."""

import contextlib
import sys
from pathlib import Path

import psutil

MEMORY = 2**30  # bytes for a worker, its evaluator and a submission's process; two workers took 0.9 GiB


def fitting() -> int:
    """As many workers as cores and free memory allow; at least one."""
    from joblib import cpu_count  # takes 0.2 s, for those who leave the number to us

    free = min(psutil.virtual_memory().available, *_limits(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")))
    return max(1, min(cpu_count(), free // MEMORY))


def _limits(about: Path, mounted: Path) -> list[int]:
    """The bytes of memory that the control groups of this process may have, the outer ones too; on any system one that is none.

    A line of `about` says `number:controllers:path`, in version 2 without controllers; see
    https://docs.kernel.org/admin-guide/cgroup-v2.html#memory. A container may see its own group as the root.
    """
    found = [sys.maxsize]
    with contextlib.suppress(OSError):
        for line in about.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers or "memory" in controllers.split(","):
                top, name = (mounted / "memory", "memory.limit_in_bytes") if controllers else (mounted, "memory.max")
                group = Path(path.lstrip("/"))
                found += [_limit(top / one / name) for one in (group, *group.parents)]
    return found


def _limit(file: Path) -> int:
    """What it says, where it is there and says a number, and not `max`."""
    with contextlib.suppress(OSError, ValueError):
        return int(file.read_text())
    return sys.maxsize
