"""How a check says that an answer is wrong."""

from typing import Any


class Failure(Exception):
    """A property does not hold: what was seen, why that usually happens, and a hint at the next step.

    `misconception` is an id of the catalogue where the evidence points to one; `unsolved` marks a stub that was left.
    """

    status = "fail"
    raised: Any = None  # the exception as data, where one in the learner's code is the reason
    compiled = False  # raised because a function that is compiled ahead of time cannot be traced

    def __init__(self, what: str, why: str = "", hint: str = "", misconception: str = "", unsolved: bool = False):
        super().__init__(what)
        self.what, self.why, self.hint = what, why, hint
        self.misconception, self.unsolved = misconception, unsolved


class LimitHit(Failure):
    """The learner's code ended its process or ran into a limit while it was asked."""

    status = "limit"


class GraderError(Exception):
    """A fault of ours: nothing is scored, a human is asked to look."""


def require(holds: bool, what: str, why: str = "", hint: str = "", misconception: str = "") -> None:
    """Raises Failure unless the property holds."""
    if not holds:
        raise Failure(what, why, hint, misconception)
