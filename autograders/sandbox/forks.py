"""A process that the zygote forked, as the zygote sees it: what it uses, and how it ends."""

import dataclasses
import os
import signal
import time
from pathlib import Path

from autograders.sandbox import scratch
from autograders.sandbox.limits import MIB, Limits

ENDING_S = 0.05  # from the moment when a process closes its socket to its end


@dataclasses.dataclass
class Fork:
    """A child: its process, its folder, what it may use, and why it was killed."""

    pid: int
    scratch: Path
    limits: Limits
    cause: str = ""

    def overuse(self) -> str:
        """The limit that it has passed, with the figure; empty while there is none."""
        resident = _resident(self.pid)
        if resident > self.limits.memory:
            return f"it used {resident // MIB:,} MiB of memory; {self.limits.memory // MIB:,} MiB is the limit"
        threads = _threads(self.pid)
        if threads > self.limits.threads:  # RLIMIT_NPROC does not hold for root
            return f"it started more than {self.limits.threads:,} threads"
        try:
            files, size = scratch.content(self.scratch, self.limits.files)
        except scratch.Uncountable:
            return "it made folders that cannot be counted"
        if files > self.limits.files:
            return f"it made more than {self.limits.files:,} files"
        if size > self.limits.scratch:
            return f"its files grew to {size // MIB:,} MiB; {self.limits.scratch // MIB:,} MiB is the limit"
        return ""

    def end(self) -> dict:
        """Kill it, wait for it, remove its folder; how it had ended and what it had used.

        Where somebody else had killed it, such as a machine without memory, that is an error, and no fault of its own.
        """
        killed = not self.cause and _was_killed(self.pid)
        os.kill(self.pid, signal.SIGKILL)  # until it is waited for, the number is its own
        _, status, used = os.wait4(self.pid, 0)
        scratch.remove(self.scratch)
        stopped = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        spent = used.ru_utime + used.ru_stime
        if killed and spent < self.limits.cpu_s:
            return {"error": "a submission's process was killed from outside; the machine may be out of memory"}
        cause = self.cause
        if stopped == signal.SIGXCPU or killed:  # who does not listen to the one gets the other
            cause = f"it used more than {self.limits.cpu_s} s of processor time"
        elif not cause and stopped not in (0, signal.SIGKILL):
            cause = f"its process ended with {signal.Signals(stopped).name}"
        return {"cause": cause, "cpu_s": spent, "peak_mib": used.ru_maxrss / 1024}


def _was_killed(pid: int) -> bool:
    """Whether a child that nobody has waited for yet has ended with SIGKILL, or is about to: its socket closes first."""
    deadline, ended = time.monotonic() + ENDING_S, None
    while not ended and time.monotonic() < deadline:
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        time.sleep(0 if ended else 0.001)
    return bool(ended) and ended.si_code == os.CLD_KILLED and ended.si_status == signal.SIGKILL


def _resident(pid: int) -> int:
    """Bytes of memory in use; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _threads(pid: int) -> int:
    """Threads of a process; 0 where the system does not tell."""
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0
