"""Properties that exercises check, and how a test says which question it grades."""

from collections.abc import Callable

import msgspec

from autograders.checks.failure import Failure as Failure
from autograders.checks.failure import GraderError as GraderError
from autograders.checks.failure import LimitHit as LimitHit
from autograders.checks.failure import require as require


class Check(msgspec.Struct, frozen=True):
    """One property of one question: its points, the checks that must hold first, and how its verdict is known.

    `judged`: concluded from programs or returned arrays. `observed`: told by a probe beside the learner's code.
    """

    id: str
    question: str
    points: float
    says: str
    needs: tuple[str, ...] = ()
    evidence: str = "judged"


def grades(question: str, points: float, needs: tuple[str, ...] = (), evidence: str = "judged") -> Callable:
    """Marks a test `test_<id>` as the check <id> of a question; its docstring says the property in one sentence."""

    def mark(test: Callable) -> Callable:
        test.graded = Check(test.__name__.removeprefix("test_"), question, points, test.__doc__ or "", needs, evidence)
        return test

    return mark
