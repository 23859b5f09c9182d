"""Canaries of our own: what an attack that gets through would read, change, reach, end or leave behind."""

import contextlib
import os
import secrets
import select
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from autograders.doctor.attack import Targets
from autograders.doctor.bait.grading import public_inputs
from autograders.doctor.survivors import Survivors
from autograders.judge.learners import Engine
from autograders.judge.peers import Peer
from autograders.sandbox import compiled

PREFIX = "stateless-secret-"
VICTIM = """
import ctypes, sys
kept = ctypes.create_string_buffer(sys.argv[1].encode())
print(ctypes.addressof(kept), flush=True)
for line in sys.stdin:  # which ends with us
    print(flush=True)
"""
HALTED = (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP, psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
ANYBODYS = ("/tmp", "/var/tmp", "/dev/shm", "/run")


class Arena:
    """An instructor's folder, a process, and listeners on this machine; `harm` tells what has become of them."""

    def __init__(self, engine: Engine):
        self.engine, self.spoilt = engine, False
        Peer(engine.zygote, "learner").close()  # its zygote is there, and will not be taken for a survivor
        self.secret, self.token = PREFIX + secrets.token_hex(16), f"stateless-canary-{secrets.token_hex(8)}"
        self.folder = Path(tempfile.mkdtemp(prefix=self.token))
        self._fill()
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp, self.unix, self.abstract = (socket.socket(f, socket.SOCK_DGRAM) for f in (2, 1, 1))
        self.udp.bind(("127.0.0.1", 0))
        self.unix.bind(str(self.folder / "socket"))
        self.abstract.bind(f"\0{self.token}")
        os.environ["STATELESS_CANARY"] = self.secret
        command = [sys.executable, "-I", "-S", "-c", VICTIM, self.secret]
        self.victim = psutil.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env={"SECRET": self.secret}
        )
        self.address = int(self.victim.stdout.readline())
        self.targets = self._targets()
        self.watch()

    def _fill(self) -> None:
        for name in ("solutions/counter.py", "submitted/bo/counter.ipynb", ".stateless_seed"):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.secret)
        with contextlib.closing(sqlite3.connect(self.folder / "gradebook.db")) as book, book:
            book.execute("CREATE TABLE grade (secret)")
            book.execute("INSERT INTO grade VALUES (?)", (self.secret,))

    def _targets(self) -> Targets:
        return Targets(
            token=self.token,
            prefix=PREFIX,
            folder=str(self.folder),
            home=str(Path.home()),
            tcp=self.tcp.getsockname()[1],
            udp=self.udp.getsockname()[1],
            unix=str(self.folder / "socket"),
            abstract=self.token,
            victim=self.victim.pid,
            address=self.address,
            cache=str(self.engine.library or compiled.root()),
            public=public_inputs(),
        )

    def _state(self) -> dict[str, object]:
        """All that must be the same afterwards, by what it is called."""
        found = {f"{p.relative_to(self.folder)} in our folder": _fingerprint(p) for p in self.folder.rglob("*")}
        found["what our process may use"] = self._victim()
        return found

    def _open_files(self) -> int:
        """Files that the judge holds open, but for its line to the evaluator."""
        return psutil.Process().num_fds() - (self.engine.evaluate.peer is not None)

    def _victim(self) -> tuple | None:
        with contextlib.suppress(psutil.Error):
            if self._answers():
                linux = hasattr(self.victim, "rlimit")
                more = (
                    (self.victim.rlimit(psutil.RLIMIT_NOFILE), self.victim.ionice(), self.victim.cpu_affinity())
                    if linux
                    else ()
                )
                return (self.victim.nice(), os.sched_getscheduler(self.victim.pid) if linux else 0, *more)
        return None

    def _answers(self) -> bool:
        """Whether our process still does what it is told; a signal that is under way arrives before it does."""
        with contextlib.suppress(BrokenPipeError):
            self.victim.stdin.write(b"\n")
            while self.victim.status() not in HALTED:
                if select.select([self.victim.stdout], [], [], 0.05)[0]:
                    return bool(self.victim.stdout.readline())
        return False

    def watch(self) -> None:
        """From now on, count what changes."""
        self.before, self.survivors = self._state(), Survivors(self.engine, self.token)
        self.files = self._open_files()

    def harm(self) -> list[str]:
        """What has happened since, in words; nothing while every wall held. Something spoils the arena."""
        after = self._state()
        changed = [name for name in {**self.before, **after} if self.before.get(name) != after.get(name)]
        found = [f"changed: {name}" for name in changed] + self._reached() + self._left() + self.survivors.left()
        if (more := self._open_files() - self.files) > 0:
            found.append(f"{more} more open files of the judge")
        self.spoilt = self.spoilt or bool(found)
        return found

    def _reached(self) -> list[str]:
        reached = []
        self.tcp.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            self.tcp.accept()[0].close()
            reached.append("reached us by TCP")
        for line, name in ((self.udp, "UDP"), (self.unix, "a socket's file"), (self.abstract, "an abstract socket")):
            with contextlib.suppress(BlockingIOError):
                line.recv(100, socket.MSG_DONTWAIT)
                reached.append(f"reached us by {name}")
        return reached

    def _left(self) -> list[str]:
        places = [*ANYBODYS, tempfile.gettempdir(), self.targets.cache, str(self.engine.zygote.scratch)]
        found = {Path(place, self.token) for place in places if Path(place, self.token).is_file()}
        for path in found:
            path.unlink()
        return [f"left a file in {path.parent}" for path in sorted(found)]

    def close(self) -> None:
        """Take everything away."""
        with contextlib.suppress(psutil.Error):
            self.victim.resume()
            self.victim.kill()
        self.victim.wait()
        self.victim.stdout.close()
        self.victim.stdin.close()
        for line in (self.tcp, self.udp, self.unix, self.abstract):
            line.close()
        os.environ.pop("STATELESS_CANARY", None)
        shutil.rmtree(self.folder, ignore_errors=True)


def _fingerprint(path: Path) -> tuple:
    told = path.lstat()
    content = path.read_bytes() if stat.S_ISREG(told.st_mode) else b""
    attributes = os.listxattr(path, follow_symlinks=False) if hasattr(os, "listxattr") else []
    return told.st_mode, told.st_uid, told.st_nlink, told.st_mtime_ns, content, tuple(attributes)
