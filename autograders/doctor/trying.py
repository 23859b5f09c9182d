"""Makes attacks on an engine, and says what became of each.

An attack that a wall refuses leaves its process as it was: those of a family share one submission, a cell each, and are
made again one by one where that did any harm. The others have a submission to themselves. After each lot an honest
submission must be graded as if nothing had been.
"""

import contextlib
import dataclasses
import itertools
import json
import time
from collections.abc import Iterator, Sequence

import msgspec

from autograders.doctor.arena import Arena
from autograders.doctor.attack import GAINED, REFUSED, Attack, Targets
from autograders.doctor.bait import grading
from autograders.judge.learners import ConfinedLearner, Engine
from autograders.learner.messages import Cell, Ran
from autograders.sandbox.limits import MIB, Limits

LIMITS = Limits(scratch=32 * MIB, file_size=8 * MIB)
TIGHT = {  # the limit that must end an attack is low; the others are wide, however slow the machine
    "time": {"cell_s": 0.3, "request_s": 0.6, "grace_s": 0.3},
    "processor": {"cpu_s": 1},
    "memory": {"memory": 400 * MIB},
    "threads": {"threads": 100},
    "files": {"files": 200},
}
PATIENCE = 60.0  # seconds for which an attack goes on that nothing ends
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
    seconds: float  # of the submission that it was in

    @property
    def sound(self) -> bool:
        return self.status in ("blocked", "bounded", "open")


def attempts(attacks: Sequence[Attack], engine: Engine) -> Iterator[Outcome]:
    """Each attack's outcome; those of a family stand together."""
    with contextlib.closing(Attempts(engine)) as making:
        for _, family in itertools.groupby(attacks, lambda a: a.family):
            yield from making.of(list(family))


class Attempts:
    """Attacks on one engine, and canaries around it that are made anew after one that got through."""

    def __init__(self, engine: Engine):
        self.engine, self._arena = engine, None

    @property
    def arena(self) -> Arena:
        if self._arena and self._arena.spoilt:
            self.close()
        self._arena = self._arena or Arena(self.engine)
        return self._arena

    def close(self) -> None:
        """Take the canaries away."""
        if self._arena:
            self._arena.close()
        self._arena = None

    def of(self, family: Sequence[Attack]) -> Iterator[Outcome]:
        """The outcomes of one family's attacks, in order."""
        done = self.together([a for a in family if a.shares])
        for attack in family:
            yield done.get(attack) or self.attempt(attack, attack.family == "outlive" or attack is family[-1])

    def together(self, attacks: Sequence[Attack]) -> dict[Attack, Outcome]:
        """Outcomes of attacks that share a submission; none where something happened that any of them may have done."""
        if len(attacks) < 2:
            return {}
        arena, began = self.arena, time.monotonic()
        arena.watch()
        cells = [Cell(n, a.cell(self._targets(a))) for n, a in enumerate(attacks)]
        with contextlib.closing(self.engine.learner(cells)) as learner:
            learner.start()
        seconds = round(time.monotonic() - began, 2)
        if learner.crashed or arena.harm() or honest(self.engine):
            return {}
        return {a: self._outcome(a, [], learner.ran[n], seconds) for n, a in enumerate(attacks)}

    def attempt(self, attack: Attack, then: bool = True) -> Outcome:
        """Carry one attack out as a submission, and `then` grade an honest one."""
        arena, began, evaluator = self.arena, time.monotonic(), self.engine.evaluate.peer
        arena.watch()
        forges, statuses = attack.family == "forge", {}
        with _tightened(self.engine, attack.bound):
            cells = [Cell(0, grading.WRONG)] * forges + [Cell(1, attack.cell(self._targets(attack)))]
            with contextlib.closing(self.engine.learner(cells)) as learner:
                if forges:
                    statuses = grading.graded(learner, self.engine)
                else:
                    learner.start()
        if forges and self.engine.evaluate.peer is not evaluator:  # it was crashed, and what runs now is no survivor
            self.engine.evaluate.close()
        seconds = time.monotonic() - began
        ran = learner.ran[1]
        harm = _forged(statuses) + arena.harm() + _excess(learner, ran.outputs, seconds)
        if attack.bound and "limit" in statuses.values():
            ran = msgspec.structs.replace(ran, error="time")
        elif forges and not ran.error:
            ran = msgspec.structs.replace(ran, error=f"0 of {len(statuses)} checks passed")
        return self._outcome(attack, harm + (honest(self.engine) if then else []), ran, round(seconds, 2))

    def _targets(self, attack: Attack) -> Targets:
        return msgspec.structs.replace(self.arena.targets, patience=0.0 if self._is_open(attack) else PATIENCE)

    def _is_open(self, attack: Attack) -> bool:
        """Whether the only wall that stops it is missing."""
        return bool(attack.needs) and attack.needs not in self.engine.layers

    def _outcome(self, attack: Attack, harm: list[str], ran: Ran, seconds: float) -> Outcome:
        token = self.arena.targets.token
        harm = [f"got {gained}" for gained in _said(ran.outputs, token, GAINED)] + harm
        error = " ".join(_said(ran.outputs, token, REFUSED)) or ran.error
        if not harm:
            status, how = _judged(attack, error)
        elif self._is_open(attack):
            status, how = "open", f"{'; '.join(harm)} ({attack.needs} would stop this)"
        else:
            status, how = "SUCCEEDED", "; ".join(harm)
        return Outcome(attack.family, attack.name, attack.says, status, how, seconds)


@contextlib.contextmanager
def _tightened(engine: Engine, bound: str) -> Iterator[None]:
    """Processes that are started meanwhile have a low limit of this kind."""
    engine.zygote.limits = engine.evaluate.limits = dataclasses.replace(engine.limits, **TIGHT.get(bound, {}))
    try:
        yield
    finally:
        engine.zygote.limits = engine.evaluate.limits = engine.limits


def _judged(attack: Attack, error: str) -> tuple[str, str]:
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
    with contextlib.closing(engine.learner([Cell(0, grading.RIGHT), Cell(1, LOOK)])) as learner:
        statuses = grading.graded(learner, engine)
    harm = [f"the next learner: {check} is {status}" for check, status in statuses.items() if status != "pass"]
    found = [line for line in _printed(learner.ran[1].outputs) if line]
    return harm + [f"the next learner finds {line}" for line in found]
