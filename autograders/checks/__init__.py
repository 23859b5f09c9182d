"""Properties that exercises check, and how a test says which question it grades."""

from collections.abc import Callable

import msgspec

from autograders.checks.failure import Failure as Failure
from autograders.checks.failure import GraderError as GraderError
from autograders.checks.failure import LimitHit as LimitHit
from autograders.checks.failure import require as require

SECTIONS = {"Why:": "why", "Blind to:": "blind"}


class Check(msgspec.Struct, frozen=True):
    """One property of one question: its points, the checks that must hold first, and how its verdict is known.

    `judged`: concluded from programs or returned arrays. `observed`: told by a probe beside the learner's code.
    `says` is the property in one sentence, `why` what goes wrong without it, `blind` what the check cannot see.
    """

    id: str
    question: str
    points: float
    says: str
    needs: tuple[str, ...] = ()
    evidence: str = "judged"
    why: str = ""
    blind: str = ""


def grades(question: str, points: float, needs: tuple[str, ...] = (), evidence: str = "judged") -> Callable:
    """Marks a test `test_<id>` as the check <id> of a question.

    Its docstring says the property in one sentence; paragraphs that start with `Why:` and `Blind to:` may follow.
    """

    def mark(test: Callable) -> Callable:
        says, *more = [" ".join(part.split()) for part in (test.__doc__ or "").split("\n\n")]
        told = {name: part.removeprefix(name).strip() for part in more for name in SECTIONS if part.startswith(name)}
        check = Check(test.__name__.removeprefix("test_"), question, points, says, needs, evidence)
        test.graded = msgspec.structs.replace(check, **{SECTIONS[name]: text for name, text in told.items()})
        return test

    return mark
