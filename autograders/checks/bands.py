"""Thresholds. What a check compares with one is noted, so that its distribution can be measured."""

import dataclasses

seen: list[tuple[str, float]] = []  # band and value, since whoever reads it cleared it


@dataclasses.dataclass(frozen=True)
class Band:
    """A limit between right and wrong: right values lie below it, or above where `least` says so."""

    name: str
    limit: float
    least: bool = False

    def holds(self, value: float) -> bool:
        """Whether the value is on the right side; the limit itself is."""
        seen.append((self.name, float(value)))
        return bool(value >= self.limit if self.least else value <= self.limit)
