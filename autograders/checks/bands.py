"""Thresholds. What a check compares with one is noted, so that its distribution can be measured."""

import dataclasses
from collections.abc import Callable

seen: list[tuple[str, float]] = []  # band and value, since whoever reads it cleared it
known: dict[str, "Band"] = {}
measuring = False  # whether an audit is on: it wants the values that decide in doubt


@dataclasses.dataclass(frozen=True)
class Band:
    """A limit between right and wrong: right values lie below it, or above where `least` says so; the limit itself is right.

    Values are errors or distances, whose logarithms spread evenly, or shares between 0 and 1, which do so themselves.
    Where a value is `near` the limit, from the first of these numbers up to the second, the mean of two values decides.
    """

    name: str
    limit: float
    least: bool = False
    share: bool = False
    near: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        known[self.name] = self

    def admits(self, value: float) -> bool:
        """Whether the value is on the right side."""
        return bool(value >= self.limit if self.least else value <= self.limit)

    def holds(self, value: float) -> bool:
        """Whether the value that a check found is on the right side; the value is noted."""
        seen.append((self.name, float(value)))
        return self.admits(value)

    def settled(self, measure: Callable[[], float]) -> float:
        """The value that decides: what is measured first, or the mean with a second one where that is near the limit."""
        first = measure()
        return (first + measure()) / 2 if self._near(first) else first

    def clearly(self, value: float) -> bool:
        """Whether the value is on the right side, and not near the limit, so that no other is needed."""
        return self.admits(value) and not self._near(value) and not measuring

    def _near(self, value: float) -> bool:
        return self.near is not None and self.near[0] <= value < self.near[1]
