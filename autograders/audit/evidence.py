"""The evidence for each threshold: what right and wrong answers gave, seed by seed, and how far apart they are.

A band is a threshold of a check. For every file of the corpus, every check and every seed, the value nearest to the
wrong side is kept. Rates are estimated family by family, with Student's t as the predictive distribution of one more
value (of its logarithm where it is an error), so that few seeds give a careful rate; the worst family counts.
"""

import math
from pathlib import Path

import msgspec
import numpy as np
from scipy import stats

from autograders import exercises
from autograders.audit.corpus import Known
from autograders.audit.running import Outcome
from autograders.checks import bands
from autograders.checks.bands import Band
from autograders.judge import grading

SMALLEST, LARGEST = 6e-8, 1e9  # one rounding of float32, below which an error is luck; instead of infinite
LEAST_SPREAD = {False: 0.05, True: 0.001}  # a standard deviation that is believed: in decades, and of shares


class Family(msgspec.Struct, frozen=True):
    """One file's values at one band in one check, a value for each seed, and the rate of judging such an answer wrongly."""

    band: str
    right: bool
    file: str
    check: str
    rate: float
    values: tuple[float, ...]


class Measured(msgspec.Struct, frozen=True):
    """What was measured on which backend, with the limits of the bands; the families follow line by line."""

    exercise: str
    backend: str
    versions: dict[str, str]
    seeds: int
    limits: dict[str, float]


def measure(exercise: str, corpus: list[Known], outcomes: dict[str, list[Outcome]]) -> tuple[Measured, list[Family]]:
    """The evidence in the outcomes of an exercise's files."""
    files = [k for k in corpus if k.exercise == exercise]
    families = [family for k in files for family in _families(k, outcomes[k.name])]
    families.sort(key=lambda f: (f.band, not f.right, f.check, f.file))
    used = sorted({family.band for family in families if family.right})
    number = max(len({o.seed for o in outcomes[k.name]}) for k in files)
    limits = {name: bands.known[name].limit for name in used}
    about = Measured(exercise, grading.backend(), grading.versions(), number, limits)
    return about, [family for family in families if family.band in used]


def _families(known: Known, outcomes: list[Outcome]) -> list[Family]:
    """A file's values by band and check: those of a right answer, or of a wrong one where the band is what it breaks."""
    found = []
    for (check, name), values in _worst(outcomes).items():
        band = bands.known[name]
        broken = check in known.failed and sum(band.admits(v) for v in values) < len(values) / 2
        if known.right or broken:
            kept = tuple(float(f"{min(value, LARGEST):.4g}") for value in values)
            found.append(Family(name, known.right, known.path.stem, check, rate(kept, band, known.right), kept))
    return found


def _worst(outcomes: list[Outcome]) -> dict[tuple[str, str], list[float]]:
    """By check and band, for each seed the value that lies nearest to the wrong side, or farthest on it."""
    worst: dict[tuple[str, str], dict[str, float]] = {}
    for outcome in outcomes:
        for check, name, value in outcome.values:
            seeds = worst.setdefault((check, name), {})
            pick = min if bands.known[name].least else max
            seeds[outcome.seed] = pick(value, seeds.get(outcome.seed, value))
    return {place: list(seeds.values()) for place, seeds in worst.items()}


def rate(values: tuple[float, ...], band: Band, right: bool) -> float:
    """The chance that what decides next falls on the side where this family does not belong.

    Where the mean of two decides near the limit, it is at most that of one beyond all doubt, and that of such a mean.
    """
    if not band.near:
        chance = _beyond(values, band, band.limit, 1, right)
    else:
        far = band.near[0] if band.least == right else band.near[1]
        chance = _beyond(values, band, far, 1, right) + _beyond(values, band, band.limit, 2, right)
    return float(f"{chance:.2g}")


def _beyond(values: tuple[float, ...], band: Band, limit: float, several: int, right: bool) -> float:
    """The chance that the mean of several more values falls beyond a limit."""
    x = np.array(values)
    if not band.share:
        x, limit = np.log10(np.clip(x, SMALLEST, LARGEST)), math.log10(limit)
    spread = max(float(np.std(x, ddof=1)) if len(x) > 1 else 0.0, LEAST_SPREAD[band.share])
    t = (limit - x.mean()) / (spread * math.sqrt(1 / several + 1 / len(x)))
    beyond = stats.t.sf if band.least != right else stats.t.cdf
    return float(beyond(t, max(len(x) - 1, 1)))


def path(exercise: str, backend: str) -> Path:
    """Where the evidence of an exercise lies: a line about the measurement, and one for each family."""
    return exercises.FOLDER / exercise / f"bands-{backend}.jsonl"


def write(about: Measured, families: list[Family]) -> Path:
    """Store the evidence beside the exercise."""
    place = path(about.exercise, about.backend)
    place.write_bytes(msgspec.json.Encoder().encode_lines([about, *families]))
    return place


def read(exercise: str, backend: str) -> tuple[Measured, list[Family]]:
    """The stored evidence."""
    first, *others = path(exercise, backend).read_bytes().splitlines()
    return msgspec.json.decode(first, type=Measured), [msgspec.json.decode(line, type=Family) for line in others]
