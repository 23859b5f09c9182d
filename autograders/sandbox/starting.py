"""How the zygote is started: behind which walls, and as which user.

Three walls can stand around it, besides those that each forked process puts around itself (`layers.py`):
`namespaces`, bubblewrap's: no network, own process ids, the interpreter and its packages read-only, a sized scratch
folder in memory and no other file of the machine. It is tried by starting it, because many containers and some
distributions refuse namespaces to ordinary users though the program is there.
`uid`, when the grader is root: a user that owns nothing. bubblewrap run by root keeps the files of root reachable.
"""

import dataclasses
import functools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from autograders.sandbox import compiled
from autograders.sandbox.limits import Limits

WALLS = ("namespaces", "uid", "landlock", "seccomp")
NEEDED = ("landlock", "seccomp")  # without namespaces, these two still keep a submission to itself
PASSED_ON = ("LANG", "LC_ALL", "JAX_PLATFORMS", "LD_LIBRARY_PATH")
SYSTEM = ("/usr", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/sys/devices")
LINKS = ("/bin", "/lib", "/lib32", "/lib64", "/sbin")
TRIES = 3
MOST_THREADS = 8  # in a pool of a submission's process: programs are small, and other workers have the other cores
FIRST_UID, UIDS = 64001, 1000  # above what distributions give to people and services, below nobody


@dataclasses.dataclass(frozen=True)
class Start:
    """A command line with its environment, the scratch folder it may use, and the walls around it."""

    command: list[str]
    environment: dict[str, str]
    layers: tuple[str, ...]
    uid: int = 0  # to become after the start; 0 stays


def environment() -> dict[str, str]:
    """What the zygote sees of ours: settings of the backend and the language, and what keeps it to one thread."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return kept | {
        "PATH": "/usr/bin:/usr/sbin:/bin:/sbin",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
        "MPLBACKEND": "agg",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
        "NPROC": str(2 * min(max(2, os.cpu_count() or 1), MOST_THREADS)),  # in a pool of XLA's; a fork has half of them
        "XLA_FLAGS": compiled.xla_flags(),
    }


def interpreter_folders() -> list[str]:
    """The folders that Python and its packages, this one included, are read from; without those inside others."""
    found = {sys.prefix, sys.base_prefix, sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    found |= {str(Path(sys.executable).resolve().parents[1]), str(Path(__file__).resolve().parents[1])}
    real = sorted(f for f in found if os.path.isdir(f))
    return [f for f in real if not any(f != other and Path(f).is_relative_to(other) for other in real)]


def start(limits: Limits, scratch: Path, control: int, walls: tuple[str, ...] = WALLS, branches: int = 1) -> Start:
    """How to start the zygote with as many of these walls as hold here; `control` is the socket it inherits.

    So many judges share the memory for scratch folders.
    """
    uid = dedicated_uid() if "uid" in walls and os.geteuid() == 0 else 0
    zygote = [sys.executable, "-I", "-m", "autograders.sandbox.zygote", str(control), str(scratch), str(uid)]
    if "namespaces" in walls and namespaces_start():
        zygote[5] = "/tmp"
        layers = ("namespaces", *(["uid"] if uid else []))
        return Start([*bubblewrap(limits, uid, branches), *zygote], environment(), layers, uid)
    if uid and not all(map(readable_by_others, interpreter_folders())):
        uid, zygote[6] = 0, "0"  # such as an interpreter in /root
    return Start(zygote, environment(), ("uid",) if uid else (), uid)


def bubblewrap(limits: Limits, uid: int, branches: int = 1) -> list[str]:
    """The command line that puts namespaces around what follows it."""
    outside = [f for f in (*interpreter_folders(), str(compiled.root())) if not f.startswith("/usr/")]
    shown = [path for path in (*SYSTEM, *outside) if os.path.exists(path)]
    above = sorted({str(parent) for path in shown for parent in Path(path).parents} - {"/"})
    binds = [part for folder in above for part in ("--perms", "0755", "--dir", folder)]
    binds += [part for path in shown for part in ("--ro-bind", path, path)]
    for path in LINKS:
        if os.path.islink(path):
            binds += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            binds += ["--ro-bind", path, path]
    capabilities = ["--cap-drop", "ALL"] + (["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if uid else [])
    own_user = [] if os.geteuid() == 0 else ["--unshare-user"]
    namespaces = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try", *own_user]
    size = ["--perms", "1777", "--size", str(limits.scratch * 4 * branches), "--tmpfs", "/tmp"]
    kept = ["--die-with-parent", "--new-session", *namespaces, *capabilities]
    return ["bwrap", *kept, "--proc", "/proc", "--dev", "/dev", *size, *binds, "--chdir", "/", "--"]


@functools.cache
def namespaces_start() -> bool:
    """Whether bubblewrap can put its walls up here; a try that somebody kills says nothing of that."""
    if not sys.platform.startswith("linux") or not shutil.which("bwrap"):
        return False
    command = [*bubblewrap(Limits(), 0), "/usr/bin/true"]
    for _ in range(TRIES):
        ended = subprocess.run(command, capture_output=True, check=False, timeout=20).returncode
        if ended not in (-signal.SIGKILL, 128 + signal.SIGKILL):
            return ended == 0
    return False


def dedicated_uid() -> int:
    """A user id that nobody here has, and no grader beside this one."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    places = (FIRST_UID + (os.getpid() + i) % UIDS for i in range(UIDS))
    return next(uid for uid in places if uid not in taken)


def lacking(layers: Sequence[str]) -> list[str]:
    """What a class should not be graded without, and what does not hold; macOS has none of it and is not asked."""
    return [name for name in NEEDED if name not in layers] if sys.platform.startswith("linux") else []


def readable_by_others(folder: str) -> bool:
    """Whether any user may enter this folder."""
    path = Path(folder)
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents)) and bool(path.stat().st_mode & 0o004)
