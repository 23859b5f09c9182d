"""Makes attacks on an engine, one after the other, and says what became of each."""

import dataclasses
import json
import time
from collections.abc import Iterable, Iterator

from autograders.doctor.arena import Arena
from autograders.doctor.attack import GAINED, REFUSED, Attack
from autograders.doctor.bait import grading
from autograders.judge.learners import ConfinedLearner, Engine
from autograders.learner.messages import Cell
from autograders.sandbox.limits import MIB, Limits

LIMITS = Limits(
    cell_s=2.0,
    request_s=4.0,
    grace_s=1.0,
    submission_s=60.0,
    cpu_s=4,
    memory=700 * MIB,
    file_size=16 * MIB,
    scratch=100 * MIB,
    files=1000,
    threads=300,
)
MOST = 32 * MIB  # bytes of output that may come back
LOOK = "from autograders.doctor.attacks.outlive import left\nprint(*left(), sep='\\n')"
OURS = (
    "SyntaxError",
    "NameError",
    "AttributeError",
    "ImportError",
    "ModuleNotFoundError",
    "TypeError",
    "KeyError",
    "IndexError",
    "StopIteration",
)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of an attack: `blocked`, `bounded` by its limit, `open` where its only wall is missing, `SUCCEEDED`, or `broken`."""

    family: str
    attack: str
    says: str
    status: str
    how: str
    seconds: float

    @property
    def sound(self) -> bool:
        return self.status in ("blocked", "bounded", "open")


def attempts(attacks: Iterable[Attack], engine: Engine) -> Iterator[Outcome]:
    """Each attack's outcome, on canaries that are made anew after one that succeeded."""
    arena = None
    try:
        for attack in attacks:
            arena = arena or Arena(engine)
            outcome = attempt(attack, engine, arena)
            yield outcome
            if arena.spoilt:
                arena.close()
                arena = None
    finally:
        if arena:
            arena.close()


def attempt(attack: Attack, engine: Engine, arena: Arena, then: bool = True) -> Outcome:
    """Carry one attack out as a submission, and `then` grade an honest one."""
    arena.watch()
    began, evaluator = time.monotonic(), engine.evaluate.peer
    forges = attack.family == "forge"
    learner = engine.learner([Cell(0, grading.WRONG)] * forges + [Cell(1, attack.cell(arena.targets))])
    if forges:
        harm = _forged(grading.graded(learner, engine))
        if engine.evaluate.peer is not evaluator:  # it was crashed, and what runs now is no survivor
            engine.evaluate.close()
    else:
        harm = []
        learner.start()
    learner.close()
    seconds = time.monotonic() - began
    ran = learner.ran[1]
    harm += [f"got {gained}" for gained in _said(ran.outputs, arena.targets.token, GAINED)]
    harm += arena.harm() + _excess(learner, ran.outputs, seconds) + (honest(engine) if then else [])
    error = " ".join(_said(ran.outputs, arena.targets.token, REFUSED)) or ran.error
    return Outcome(attack.family, attack.name, attack.says, *_judged(attack, harm, error, engine), round(seconds, 2))


def _judged(attack: Attack, harm: list[str], error: str, engine: Engine) -> tuple[str, str]:
    if harm:
        missing = attack.needs and attack.needs not in engine.layers
        return "open" if missing else "SUCCEEDED", "; ".join(harm) + (
            f" (only {attack.needs} stop this)" if missing else ""
        )
    if error.startswith(OURS):
        return "broken", f"the attack itself does not work here: {error}"
    if attack.ended_by(error):
        return "bounded", f"by {attack.bound}: {error}"
    if attack.bound:
        return "broken", f"not ended by {attack.bound}, but {error or 'by itself'}"
    return "blocked", error or "came to nothing"


def _forged(statuses: dict[str, str]) -> list[str]:
    """A check that passes for a wrong answer, or that the attack made the grader fail at."""
    return [f"{check}: {status}" for check, status in statuses.items() if status in ("pass", "internal")]


def _said(outputs: tuple[str, ...], token: str, word: str) -> list[str]:
    """What the attack itself reports as gained, or as refused."""
    return [line.split(word, 1)[1].strip() for line in _printed(outputs) if line.startswith(f"{token} {word} ")]


def _printed(outputs: tuple[str, ...]) -> list[str]:
    """The lines of the streams; an error's text quotes the attack itself."""
    streams = [output["text"] for output in map(json.loads, outputs) if output["output_type"] == "stream"]
    return "".join(streams).split("\n")


def _excess(learner: ConfinedLearner, outputs: tuple[str, ...], seconds: float) -> list[str]:
    """Time and output beyond what the limits allow."""
    most, size = learner.limits.submission_s + learner.limits.request_s, sum(map(len, outputs))
    late = [f"took {seconds:.0f} s"] if seconds > most else []
    return late + ([f"{size} bytes of output came back"] if size > MOST else [])


def honest(engine: Engine) -> list[str]:
    """In words, what is not as it should be for the next learner; nothing when that one is graded as if nothing had been."""
    learner = engine.learner([Cell(0, grading.RIGHT), Cell(1, LOOK)])
    statuses = grading.graded(learner, engine)
    learner.close()
    harm = [f"the next learner: {check} is {status}" for check, status in statuses.items() if status != "pass"]
    found = [line for line in _printed(learner.ran[1].outputs) if line]
    return harm + [f"the next learner finds {line}" for line in found]
