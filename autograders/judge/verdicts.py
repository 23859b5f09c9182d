"""The result of grading one submission: the one document that displays, gradebook, feedback and exports are made from."""

from collections.abc import Mapping

import msgspec

from autograders.exercises import Exercise


class Verdict(msgspec.Struct, frozen=True):
    """How one check ended, and what the learner is told."""

    status: str
    what: str = ""
    why: str = ""
    hint: str = ""
    misconception: str = ""
    unsolved: bool = False


class CheckResult(msgspec.Struct, frozen=True):
    """One line of a question's result."""

    id: str
    status: str
    points: float
    max_points: float
    what: str
    why: str
    hint: str
    misconception: str
    evidence: str


class QuestionResult(msgspec.Struct, frozen=True):
    """A question's points and checks.

    `stand_in` names the earlier answers that the reference stood in for, `uses_wrong` those that are wrong and were used.
    """

    id: str
    points: float
    max_points: float
    checks: tuple[CheckResult, ...]
    stand_in: tuple[str, ...] = ()
    uses_wrong: tuple[str, ...] = ()


class Usage(msgspec.Struct, frozen=True):
    """What the learner's processes used: seconds, MiB, and the layers that confined them."""

    wall_s: float
    cpu_s: float
    peak_mib: float


class Result(msgspec.Struct, frozen=True):
    """One graded submission."""

    source: str
    exercise: str
    submission: str
    status: str
    points: float
    max_points: float
    manual_points: float
    questions: tuple[QuestionResult, ...]
    notes: tuple[str, ...]
    usage: Usage
    layers: tuple[str, ...]
    versions: dict[str, str]
    backend: str
    seed: str
    grader: str


MISSING = Verdict(
    "internal", "This check gave no verdict.", "The grader failed, not your code.", "Show this to your teacher."
)


def questions(
    exercise: Exercise, verdicts: Mapping[str, Verdict], stood_in: Mapping[str, tuple[str, ...]]
) -> list[QuestionResult]:
    """Points follow statuses here and nowhere else; a check without a verdict is internal, never a pass."""
    results = []
    wrong = {c.question for c in exercise.checks if c.id in verdicts and verdicts[c.id].status != "pass"}
    for question in exercise.automatic:
        checks = [_check(c, verdicts.get(c.id, MISSING)) for c in exercise.checks if c.question == question.id]
        earned = round(sum(c.points for c in checks), 4)
        replaced = stood_in.get(question.id, ())
        used = tuple(q for q in question.builds_on if q in wrong and q not in replaced and earned < question.points)
        results.append(QuestionResult(question.id, earned, question.points, tuple(checks), replaced, used))
    return results


def _check(check, verdict: Verdict) -> CheckResult:
    earned = check.points if verdict.status == "pass" else 0.0
    told = (verdict.what or check.says, verdict.why, verdict.hint, verdict.misconception)
    return CheckResult(check.id, verdict.status, earned, check.points, *told, check.evidence)
