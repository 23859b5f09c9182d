"""What is still there after a submission has been ended: its processes and its folders."""

import contextlib
from pathlib import Path

import psutil

from autograders.judge.learners import Engine

ZYGOTE = "autograders.sandbox.zygote"


class Survivors:
    """What an engine has at the start; what is more at the end was left behind."""

    def __init__(self, engine: Engine, token: str):
        self.engine, self.token = engine, token
        self.processes, self.folders = set(self._processes()), self._folders()

    def left(self) -> list[str]:
        """In words, what is more than at the start. The processes are ended."""
        processes = set(self._processes()) - self.processes
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.kill()
        found = [f"process {process.pid} goes on" for process in processes]
        return found + [f"{folder} is still there" for folder in self._folders() - self.folders]

    def _processes(self) -> list[psutil.Process]:
        """All that came out of the engine's zygote, and all whose command line has the token in it."""
        inside = self._descendants()
        return [p for p in psutil.process_iter(["cmdline", "status"]) if self._is_ours(p, inside)]

    def _is_ours(self, process: psutil.Process, inside: list[psutil.Process]) -> bool:
        words = process.info["cmdline"] or []
        named = str(self.engine.zygote.scratch) in words or (ZYGOTE not in words and self.token in "".join(words[2:3]))
        return process.info["status"] != psutil.STATUS_ZOMBIE and (named or process in inside)

    def _descendants(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self.engine.zygote.process.pid).children(recursive=True)
        return []

    def _folders(self) -> set[str]:
        """Learners' folders; those in a namespace are seen through /proc, by root."""
        scratch = self.engine.zygote.scratch
        for process in self._descendants() if "namespaces" in self.engine.layers else []:
            with contextlib.suppress(psutil.Error):
                if ZYGOTE in process.cmdline():
                    scratch = Path(f"/proc/{process.pid}/root/tmp")
                    break
        with contextlib.suppress(OSError):
            return {path.name for path in scratch.iterdir() if path.name.startswith("learner-")}
        return set()
