"""Carries an attack out where nothing confines it, as a plain process; a forgery where the checks run beside it."""

import subprocess
import sys
import tempfile
from pathlib import Path

from autograders.doctor.arena import Arena
from autograders.doctor.attack import GAINED, Attack
from autograders.sandbox import scratch
from tests.helpers import ROOT

CHECKED = """
from autograders.doctor.bait import grading
from autograders.judge.handle import Submission
from autograders.learner.answering import Answerer
from autograders.sandbox.evaluator import evaluate_here
seed = grading.PUBLIC_SEED if {public} else grading.SECRET_SEED
handle = Submission(Answerer(globals(), alarms=False).answer, evaluate_here)
for check, status in grading.passed(handle, seed).items():
    if status == "pass":
        print({token!r}, "gained", check, flush=True)
"""
WRONG = "from autograders.doctor.bait.grading import WRONG\nexec(WRONG)\n"


def harm(attack: Attack, arena: Arena) -> list[str]:
    """What the attack gained, and what has become of the canaries."""
    arena.watch()
    token, source = arena.targets.token, attack.cell(arena.targets)
    if attack.family == "forge":
        source = WRONG + source + CHECKED.format(token=token, public=attack.name == "known_inputs")
    folder = Path(tempfile.mkdtemp())
    try:
        with tempfile.TemporaryFile("w+") as said:
            command, environment = [sys.executable, "-c", source], {"PYTHONPATH": str(ROOT)}
            subprocess.run(command, cwd=folder, env=environment, stdout=said, stderr=said, check=False, timeout=60)
            said.seek(0)
            gained = [line.strip() for line in said if line.startswith(f"{token} {GAINED}")]
    finally:
        scratch.remove(folder)
    return gained + arena.harm()
