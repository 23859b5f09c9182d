"""Which layers hold on this machine, what is missing, and how to get it."""

import dataclasses
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from autograders.judge.learners import Engine
from autograders.sandbox import compiled, starting
from autograders.sandbox.limits import Limits

LAYERS = {
    "process": "a process of its own; checked messages, a clock outside",
    "rlimits": "limits on processor, addresses, files, threads",
    "landlock": "reads the interpreter, writes its scratch folder",
    "seccomp": "no processes, programs, sockets or signals",
    "namespaces": "no network, process or file of yours in sight",
    "uid": "a user that owns nothing",
}


@dataclasses.dataclass(frozen=True)
class Standing:
    """A layer, whether it holds, and what it does or how to get it."""

    layer: str
    holds: bool
    says: str


def standings(engine: Engine) -> list[Standing]:
    """Every layer, weakest first."""
    holding = engine.layers
    return [
        Standing(name, name in holding, does if name in holding else missing(name)) for name, does in LAYERS.items()
    ]


def verdict(layers: list[str]) -> str:
    """Whether a class may be graded here."""
    if sys.platform == "darwin":
        return (
            "macOS: a submission can read your files and use the network. Grade your own work here, or people you trust; "
            "a class belongs on Linux."
        )
    lacking = starting.lacking(layers)
    if lacking:
        return f"A class may not be graded here: {' and '.join(lacking)} missing. (--accept-weak-confinement grades all the same.)"
    return "A class may be graded here."


def pace() -> str:
    """How fast a submission starts here, and why."""
    return {
        "yes": "Submissions start with a backend of JAX that runs already, and the libraries traced and compiled.",
        "no": "Every submission starts a backend of JAX of its own, because a fork beside one that runs did not work here: "
        "a class takes longer, and has the same points.",
        "not tried": "The first submission that is graded here waits some 20 s, while the libraries are compiled.",
    }[compiled.proof(compiled.folder())]


def missing(name: str) -> str:
    """Why a layer does not hold, and how to get it, in one line."""
    if not sys.platform.startswith("linux"):
        return "exists on Linux only"
    return {"landlock": _landlock, "seccomp": _seccomp, "namespaces": _namespaces, "uid": _uid}[name]()


def _landlock() -> str:
    version = tuple(int(part) for part in platform.release().split(".")[:2])
    if version < (5, 13):
        return f"this kernel is older than 5.13: {platform.release()}"
    try:
        modules = Path("/sys/kernel/security/lsm").read_text()
    except OSError:
        modules = "landlock"
    if "landlock" not in modules:
        return f"not switched on: boot with lsm=landlock,{modules.strip()}"
    return "refused, as by some containers: allow landlock_create_ruleset, landlock_add_rule and landlock_restrict_self"


def _seccomp() -> str:
    try:
        import pyseccomp  # noqa: F401 (it looks for the library)
    except (ImportError, RuntimeError, OSError):
        return "libseccomp is missing: apt install libseccomp2"
    return "this kernel has no seccomp filters (CONFIG_SECCOMP_FILTER), or refuses them here"


def _namespaces() -> str:
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed: apt install bubblewrap"
    done = subprocess.run(
        [*starting.bubblewrap(Limits(), 0), "/usr/bin/true"], capture_output=True, text=True, check=False
    )
    said = (done.stderr.strip().split("\n") or [""])[-1] or "it starts, but was not asked for"
    return f"bubblewrap is not allowed to make namespaces here, as in many containers ({said})"


def _uid() -> str:
    if os.geteuid() != 0:
        return "for root only, and you are not: nothing to do"
    hidden = [f for f in starting.interpreter_folders() if not starting.readable_by_others(f)]
    if hidden:
        return f"another user could not read {hidden[0]}: install this elsewhere, such as in /opt"
    return "it was not asked for"
