"""Rates that are estimated from a few values: small where a family is far from the limit, large where it is near."""

import pytest

from autograders import exercises
from autograders.audit import evidence
from autograders.audit.corpus import Known
from autograders.audit.running import Outcome
from autograders.checks import bands
from autograders.checks.bands import Band

ERROR = Band("an error in a test", 1e-2)
SHARE = Band("a share in a test", 0.95, least=True, share=True)
DISTANCE = Band("a distance in a test", 1e-6, least=True)
NEAR, FAR = (9e-3, 8e-3, 9.5e-3, 7e-3), (1e-5, 2e-5, 1e-5, 3e-5)


@pytest.mark.parametrize(
    ("values", "band", "right", "least", "most"),
    [
        (FAR, ERROR, True, 0.0, 1e-2),
        (NEAR, ERROR, True, 0.05, 0.5),
        (FAR, ERROR, False, 0.9, 1.0),  # broken, and yet far on the right side: nearly always passed
        ((0.5, 0.4, 0.6, 0.5), ERROR, False, 0.0, 1e-2),
        ((0.97, 0.975, 0.972, 0.971), SHARE, True, 0.0, 1e-2),
        ((0.951, 0.955, 0.96, 0.952), SHARE, True, 0.01, 0.5),
        ((0.80, 0.81, 0.79, 0.80), SHARE, False, 0.0, 1e-2),
        ((0.0, 0.0, 0.0, 0.0), ERROR, True, 0.0, 1e-4),
        ((0.0, 0.0, 0.0, 0.0), DISTANCE, False, 0.0, 1e-2),
        ((0.1, 0.2, 0.1, 0.3), DISTANCE, True, 0.0, 1e-2),
        ((float("inf"),) * 4, ERROR, False, 0.0, 1e-4),
    ],
)
def test_rates_follow_the_distance_to_the_limit(values, band, right, least, most):
    assert least <= evidence.rate(values, band, right) <= most


def test_two_values_near_the_limit_make_a_rate_smaller():
    """A right answer fails by two bad values in a row, or by one that is beyond all doubt."""
    careful = Band("a share tried twice in a test", 0.95, least=True, share=True, near=(0.90, 0.96))
    values = (0.975, 0.968, 0.980, 0.972, 0.976)
    assert 0 < evidence.rate(values, careful, True) < evidence.rate(values, SHARE, True) / 2
    assert evidence.rate((0.88, 0.93, 0.86, 0.91), careful, True) > 0.5
    assert evidence.rate((0.88, 0.93, 0.86, 0.91), careful, False) > evidence.rate((0.5, 0.6, 0.5, 0.6), careful, False)


def test_more_seeds_make_a_rate_smaller():
    """The same spread is trusted more when it was seen more often."""
    assert evidence.rate(FAR * 5, ERROR, True) < evidence.rate(FAR, ERROR, True)


def test_the_worst_value_of_each_seed_counts(tmp_path):
    """A wrong answer counts where the band is what it breaks, a right one everywhere."""
    known = Known(tmp_path / "bad__x__y.py", "counter", False, frozenset({"x"}), "why")
    answer = Known(tmp_path / "good__y.py", "counter", True, frozenset(), "why")
    values = (("x", ERROR.name, 0.5), ("x", ERROR.name, 0.1), ("ok", ERROR.name, 1e-5), ("x", SHARE.name, 0.99))
    outcome = Outcome(known.name, "public", {}, {}, {}, values)
    found = {(f.check, f.band): f for f in evidence._families(known, [outcome])}
    assert found["x", ERROR.name].values == (0.5,) and not found["x", ERROR.name].right
    assert ("ok", ERROR.name) not in found  # nothing is wrong there, and right answers tell more
    assert ("x", SHARE.name) not in found  # the share was on the right side: another band tells this one
    assert all(family.right for family in evidence._families(answer, [outcome]))


STORED = sorted(exercises.FOLDER.glob("*/bands-*.jsonl"))


def test_there_is_evidence():
    """For the thresholds of every exercise, measured on a processor."""
    assert {path.parent.name for path in STORED if path.name == "bands-cpu.jsonl"} == set(exercises.names())


@pytest.mark.parametrize("path", STORED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_stored_evidence_is_of_the_limits_in_the_code(path):
    """The limits are those that were measured, over enough seeds, and fail one right answer in 10,000 at most."""
    exercises.load(path.parent.name)
    about, families = evidence.read(path.parent.name, path.stem.removeprefix("bands-"))
    assert about.limits == {name: bands.known[name].limit for name in about.limits}
    assert about.seeds >= 20
    right = [family for family in families if family.right]
    assert {family.band for family in right} == set(about.limits)
    assert all(bands.known[family.band].admits(value) for family in right for value in family.values)
    assert all(family.rate < 1e-4 for family in right)
    assert all(
        family.rate == evidence.rate(family.values, bands.known[family.band], family.right) for family in families
    )
