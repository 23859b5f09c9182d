"""The processor's cores that a process may run on."""

import contextlib
import os
from collections.abc import Collection


def own() -> list[int]:
    """Those that this process may run on; none where the system does not tell."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def stay_on(cores: Collection[int]) -> None:
    """Run on these only, this process and what it starts from now on; where the system refuses, or for none, it runs on as before."""
    with contextlib.suppress(OSError):
        if cores:
            os.sched_setaffinity(0, cores)
