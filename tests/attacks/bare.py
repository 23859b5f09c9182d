"""Carries an attack out where nothing confines it, in a plain process; a forgery where the checks run beside it."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from autograders.doctor.arena import Arena
from autograders.doctor.attack import GAINED, REFUSED, Attack
from autograders.sandbox import scratch, starting
from tests.helpers import ROOT

CHECKED = """
from autograders.judge.handle import Submission
from autograders.learner.answering import Answerer
from autograders.sandbox.evaluator import evaluate_here
seed = grading.PUBLIC_SEED if {public} else grading.SECRET_SEED
handle = Submission(Answerer(globals(), alarms=False).answer, evaluate_here)
for check, status in grading.passed(handle, seed).items():
    if status == "pass":
        print({token!r}, "gained", check, flush=True)
"""
WRONG = "from autograders.doctor.bait import grading\nexec(grading.WRONG)\n"
FORKING = """
import json, os, sys, traceback
import jax, numpy
import autograders.doctor.bait.grading, autograders.learner.answering, autograders.sandbox.evaluator
for line in sys.stdin:
    source, folder, said = json.loads(line)
    child = os.fork()
    if child == 0:
        try:
            os.chdir(folder)
            for standard in (1, 2):
                os.dup2(os.open(said, os.O_WRONLY | os.O_APPEND), standard)
            exec(source, {"__name__": "__main__"})
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(0)
    os.waitpid(child, 0)
    print("done", flush=True)
"""


class Bare:
    """Forks a plain process for each attack from one that has imported JAX, as the zygote does for confined ones."""

    def __init__(self):
        environment = starting.environment() | {"PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", FORKING]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, env=environment, text=True, **pipes)

    def harm(self, attack: Attack, arena: Arena) -> tuple[list[str], str]:
        """What the attack gained and what has become of the canaries; why it was refused, if it was."""
        arena.watch()
        token, source = arena.targets.token, attack.cell(arena.targets)
        if attack.family == "forge":
            source = WRONG + source + CHECKED.format(token=token, public=attack.name == "known_inputs")
        said = self._said(source)
        refused = [line.removeprefix(f"{token} {REFUSED} ") for line in said if line.startswith(f"{token} {REFUSED}")]
        return [line for line in said if line.startswith(f"{token} {GAINED}")] + arena.harm(), " ".join(refused)

    def _said(self, source: str) -> list[str]:
        folder = Path(tempfile.mkdtemp())
        try:
            with tempfile.NamedTemporaryFile("r") as said:
                self.process.stdin.write(json.dumps([source, str(folder), said.name]) + "\n")
                self.process.stdin.flush()
                assert self.process.stdout.readline() == "done\n"
                return said.read().splitlines()
        finally:
            scratch.remove(folder)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
