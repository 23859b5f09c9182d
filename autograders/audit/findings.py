"""What the outcomes of a corpus say about the instrument: false verdicts, wrong diagnoses, needless checks, flips."""

from collections.abc import Mapping

import msgspec

from autograders.audit.corpus import Known
from autograders.audit.running import Outcome


class Finding(msgspec.Struct, frozen=True):
    """One file that was not judged as it should be."""

    name: str
    what: str


class CheckNeed(msgspec.Struct, frozen=True):
    """How many wrong answers a check catches, how many of them need it, and one that does.

    When the check is blunted, that answer gets full points, or what it got wrong is no longer named.
    """

    exercise: str
    id: str
    catches: int
    alone: int
    proof: str


class Findings(msgspec.Struct, frozen=True):
    """An audit: what was tried, and everything that was not as it should be."""

    right: int
    wrong: int
    seeds: int
    runs: int
    false_fails: tuple[Finding, ...]
    false_passes: tuple[Finding, ...]
    other_checks: tuple[Finding, ...]
    diagnosed: int
    with_id: int
    misdiagnosed: tuple[Finding, ...]
    flips: tuple[Finding, ...]
    differing: tuple[Finding, ...]
    checks: tuple[CheckNeed, ...]

    @property
    def dead(self) -> list[CheckNeed]:
        """The checks without which every wrong answer would still be caught, and be told what it is."""
        return [check for check in self.checks if not check.proof]

    @property
    def sound(self) -> bool:
        """Nothing is judged wrongly, nothing flips, nothing is dead; diagnoses may miss one in twenty."""
        faults = (self.false_fails, self.false_passes, self.other_checks, self.flips, self.differing, self.dead)
        return not any(faults) and self.diagnosed >= 0.95 * self.with_id


def verdict_of(known: Known, outcome: Outcome) -> Finding | None:
    """What is wrong with the verdict on a file: too strict, too mild, or for other checks than its name says."""
    got, want = outcome.failed, known.failed
    if outcome.status != "graded":
        return Finding(known.name, f"status {outcome.status}, seed {outcome.seed}")
    if got == want:
        return None
    parts = [("also fails", got - want), ("passes", want - got)]
    said = "; ".join(f"{verb} {', '.join(sorted(checks))}" for verb, checks in parts if checks)
    return Finding(known.name, f"{said}, seed {outcome.seed}")


def diagnosis_of(known: Known, outcome: Outcome) -> Finding | None:
    """What is wrong with the ids that the failed checks name: the mistake itself must be named, and nothing untrue."""
    named = {i for i in outcome.misconceptions.values() if i}
    declared = set(known.misconceptions)
    if named <= declared and (not declared or known.misconceptions[0] in named):
        return None
    said = ", ".join(f"{check} names {i or 'none'}" for check, i in sorted(outcome.misconceptions.items()))
    return Finding(known.name, f"it is {', '.join(known.misconceptions) or 'none'}; {said}")


def flips(known: Known, outcomes: list[Outcome]) -> Finding | None:
    """Seeds under which some check ended otherwise than under the first."""
    first = outcomes[0]
    for other in outcomes[1:]:
        changed = {c for c in first.statuses if first.statuses[c] != other.statuses.get(c)}
        if changed:
            return Finding(known.name, f"{', '.join(sorted(changed))}: seeds {first.seed} and {other.seed} disagree")
    return None


def differing(known: Known, outcomes: list[Outcome]) -> Finding | None:
    """Runs under one seed whose results differ in more than what was used."""
    by_seed: dict[str, set[str]] = {}
    for outcome in outcomes:
        by_seed.setdefault(outcome.seed, set()).add(outcome.digest)
    several = [seed for seed, digests in by_seed.items() if len(digests) > 1]
    return Finding(known.name, f"runs with seed {', '.join(several)} gave different results") if several else None


def collect(
    corpus: list[Known], outcomes: Mapping[str, list[Outcome]], checks: tuple[CheckNeed, ...], seeds: int, runs: int
) -> Findings:
    """The audit of these files; `outcomes` by file name, one for each seed and run."""
    right = [k for k in corpus if k.right]
    wrong = [k for k in corpus if not k.right]
    verdicts = {k.name: next(filter(None, (verdict_of(k, o) for o in outcomes[k.name])), None) for k in corpus}
    passed = {k.name for k in wrong if any(not o.failed for o in outcomes[k.name])}
    with_id = [k for k in wrong if k.misconceptions]
    diagnoses = [(k, diagnosis_of(k, outcomes[k.name][0])) for k in wrong]
    return Findings(
        right=len(right),
        wrong=len(wrong),
        seeds=seeds,
        runs=runs,
        false_fails=tuple(verdicts[k.name] for k in right if verdicts[k.name]),
        false_passes=tuple(verdicts[k.name] for k in wrong if k.name in passed),
        other_checks=tuple(verdicts[k.name] for k in wrong if verdicts[k.name] and k.name not in passed),
        diagnosed=sum(1 for k, missed in diagnoses if k.misconceptions and not missed),
        with_id=len(with_id),
        misdiagnosed=tuple(missed for _, missed in diagnoses if missed),
        flips=tuple(filter(None, (flips(k, outcomes[k.name]) for k in corpus))),
        differing=tuple(filter(None, (differing(k, outcomes[k.name]) for k in corpus))),
        checks=checks,
    )
