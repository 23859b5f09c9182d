"""Thresholds. What a check compares with one is noted, so that its distribution can be measured."""

import dataclasses

seen: list[tuple[str, float]] = []  # band and value, since whoever reads it cleared it
known: dict[str, "Band"] = {}


@dataclasses.dataclass(frozen=True)
class Band:
    """A limit between right and wrong: right values lie below it, or above where `least` says so; the limit itself is right.

    Values are errors or distances, whose logarithms spread evenly, or shares between 0 and 1, which do so themselves.
    """

    name: str
    limit: float
    least: bool = False
    share: bool = False

    def __post_init__(self) -> None:
        known[self.name] = self

    def admits(self, value: float) -> bool:
        """Whether the value is on the right side."""
        return bool(value >= self.limit if self.least else value <= self.limit)

    def holds(self, value: float) -> bool:
        """Whether the value that a check found is on the right side; the value is noted."""
        seen.append((self.name, float(value)))
        return self.admits(value)
