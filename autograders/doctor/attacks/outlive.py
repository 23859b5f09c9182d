"""Attacks that are still there afterwards: processes that go on, and what is left for the next learner to find."""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from autograders.doctor.attack import Targets, attack
from autograders.doctor.attacks.syscalls import call

AFTERWARDS = 8.0  # seconds for which a survivor would go on


def _goes_on() -> None:
    """What the child of a fork does: nothing, for a while."""
    time.sleep(AFTERWARDS)
    os._exit(0)


@attack()
def forks(targets: Targets) -> str:
    """Leaves a child behind."""
    child = os.fork() or _goes_on()
    return f"process {child}"


@attack()
def forks_twice(targets: Targets) -> str:
    """Leaves a grandchild behind, in a session of its own, that nobody is the parent of."""
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            _goes_on()
        os._exit(0)
    os.waitpid(child, 0)
    return "a process without a parent"


@attack()
def vforks(targets: Targets) -> str:
    """Starts a program by posix_spawn, which does not fork as others do."""
    return f"process {os.posix_spawn(sys.executable, [sys.executable, '-c', _sleeper(targets)], {})}"


@attack()
def starts_a_program(targets: Targets) -> str:
    """Starts a program in a session of its own."""
    return f"process {subprocess.Popen([sys.executable, '-c', _sleeper(targets)], start_new_session=True).pid}"


@attack(bare="", alone=True)
def becomes_a_program(targets: Targets) -> None:
    """Becomes another program."""
    os.execv(sys.executable, [sys.executable, "-c", _sleeper(targets)])


@attack()
def clones(targets: Targets) -> str:
    """Forks by clone itself."""
    child = call("clone", int(signal.SIGCHLD), 0, 0, 0, 0) or _goes_on()
    return f"process {child}"


@attack()
def clones_by_a_newer_call(targets: Targets) -> str:
    """Forks by clone3, whose arguments no filter can read."""
    import struct

    child = call(435, struct.pack("11Q", 0, 0, 0, 0, int(signal.SIGCHLD), *[0] * 6), 88) or _goes_on()
    return f"process {child}"


@attack()
def many_forks(targets: Targets) -> str:
    """Forks again and again."""
    children = [os.fork() or _goes_on() for _ in range(10)]
    return f"{len(children)} processes"


@attack()
def multiprocessing(targets: Targets) -> str:
    """Starts a process the way Python's library does."""
    import multiprocessing as processes

    started = processes.get_context("fork").Process(target=time.sleep, args=(AFTERWARDS,))
    started.start()
    return f"process {started.pid}"


@attack(bare="", alone=True)
def ignores_signals(targets: Targets) -> None:
    """Ignores every signal that can be ignored, and leaves a thread that goes on."""
    for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=time.sleep, args=(AFTERWARDS,)).start()


@attack(bare="", alone=True)
def at_exit(targets: Targets) -> None:
    """Goes on when its process is about to end."""
    atexit.register(time.sleep, AFTERWARDS)


@attack(bare="", alone=True)
def timer(targets: Targets) -> None:
    """Has a timer call it again and again."""
    signal.signal(signal.SIGPROF, lambda *_: time.sleep(0.01))
    signal.setitimer(signal.ITIMER_PROF, 0.01, 0.01)


@attack(bare="", alone=True)
def threads(targets: Targets) -> None:
    """Leaves threads that go on after the answer."""
    for _ in range(5):
        threading.Thread(target=time.sleep, args=(AFTERWARDS,)).start()


@attack()
def new_session(targets: Targets) -> str:
    """Leaves a child in a process group of its own, which no signal to the group reaches."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        _goes_on()
    return f"process {child}"


@attack()
def file_beside_the_scratch_folder(targets: Targets) -> str:
    """Leaves a file where the next learner's folder will be."""
    path = Path.cwd().parent / targets.token
    path.write_text("the answer is 42")
    return path


@attack()
def shared_memory(targets: Targets) -> str:
    """Leaves memory that has a key and belongs to no process; takes it away again."""
    made = call("shmget", 0, 4096, 0o600 | 0o1000)
    call("shmctl", made, 0, 0)
    return f"segment {made}"


@attack()
def message_queue(targets: Targets) -> str:
    """Leaves a message for the next learner; takes it away again."""
    made = call("msgget", 0, 0o600 | 0o1000)
    call("msgctl", made, 0, 0)
    return f"queue {made}"


@attack()
def semaphore(targets: Targets) -> str:
    """Leaves a number for the next learner; takes it away again."""
    made = call("semget", 0, 1, 0o600 | 0o1000)
    call("semctl", made, 0, 0)
    return f"semaphore {made}"


@attack(bare="", alone=True)
def empty_locked_folder(targets: Targets) -> None:
    """Makes folders that a program which cleans up may not open."""
    os.mkdir("locked", 0)
    os.makedirs("open/inside")
    os.mkdir("unlisted", 0o300)
    Path("unlisted/file").write_text("still here")


@attack(bare="", alone=True)
def patched_libraries(targets: Targets) -> None:
    """Changes modules that the next learner uses too."""
    import builtins

    import numpy as np

    from autograders.doctor import attack as ours

    builtins.left = np.left = ours.left = "the answer is 42"
    np.asarray = np.array_equal = lambda *_: 42


def left() -> list[str]:
    """What a later learner finds of an earlier one: files with our token beside or in its own folder, changed modules."""
    import builtins

    folders = [Path.cwd(), Path.cwd().parent, Path("/tmp"), Path("/dev/shm")]
    found = [Path.cwd() / name for name in ("locked", "open", "unlisted") if Path(name).exists()]
    for folder in folders:
        with contextlib.suppress(OSError):
            found += folder.glob("stateless-canary-*[0-9a-f]")
    return [str(path) for path in found if path.is_file()] + [builtins.left] * hasattr(builtins, "left")


def _sleeper(targets: Targets) -> str:
    """A program that goes on for a while, and can be told by the token."""
    return f"'{targets.token}'; import time; time.sleep({AFTERWARDS})"
