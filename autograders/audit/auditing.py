"""The audit: grade the corpus, then blunt each check and see whether some wrong answer slips through."""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from autograders import exercises
from autograders.audit import findings, running
from autograders.audit.findings import CheckNeed, Findings
from autograders.audit.running import Outcome, Task
from autograders.course.crew import Crew

SLOWEST_FIRST = ("train_step", "linen_module", "counter")

Progress = Callable[[Iterable, str, int], Iterable]


def secret(number: int) -> tuple[str, ...]:
    """So many secret seeds, the same in every audit."""
    return tuple(f"audit-{i}" for i in range(number))


def grade_all(
    files: list[Task], seeds: tuple[str, ...], runs: int, crew: Crew, progress: Progress
) -> dict[str, list[Outcome]]:
    """Outcomes by file name: one for each run under the public seed, then one for each secret seed."""
    rank = {name: place for place, name in enumerate(SLOWEST_FIRST)}
    ordered = sorted(files, key=lambda file: rank.get(file.known.exercise, 0))
    tasks = [replace(file, times=runs, seeds=seeds) for file in ordered]
    said = f"{len(tasks)} files, {runs} times and under {len(seeds)} more seeds"
    return {task.known.name: outcomes for task, outcomes in progress(running.run(tasks, crew), said, len(tasks))}


def blunted(
    files: list[Task], outcomes: dict[str, list[Outcome]], crew: Crew, progress: Progress
) -> tuple[CheckNeed, ...]:
    """For each check, the wrong answers that need it: they are graded again with it blunted.

    Only those that no other check catches are tried; what waits for the blunted check is judged then.
    """
    corpus = [file.known for file in files]
    suspects = [
        replace(file, blunt=frozenset(caught))
        for file in files
        if not file.known.right and len(caught := outcomes[file.known.name][0].caught_by) == 1
    ]
    done = progress(running.run(suspects, crew), f"{len(suspects)} files with one check blunted", len(suspects))
    needing: dict[tuple[str, str], list[str]] = {}
    for task, (outcome,) in done:
        known = task.known
        named = known.misconceptions and not findings.diagnosis_of(known, outcomes[known.name][0])
        if not outcome.failed or (named and findings.diagnosis_of(known, outcome)):
            needing.setdefault((known.exercise, *task.blunt), []).append(known.name)
    needs = []
    for name in dict.fromkeys(k.exercise for k in corpus):
        for check in exercises.load(name).checks:
            catches = sum(check.id in outcomes[k.name][0].caught_by for k in corpus if k.exercise == name)
            found = sorted(needing.get((name, check.id), []))
            needs.append(CheckNeed(name, check.id, catches, len(found), found[0] if found else ""))
    return tuple(needs)


def audit(
    files: list[Task], seeds: int, runs: int, crew: Crew, progress: Progress, blunt: bool = True
) -> tuple[Findings, dict[str, list[Outcome]]]:
    """Findings on the corpus under the public seed and so many secret ones, and the outcomes they rest on."""
    outcomes = grade_all(files, secret(seeds), runs, crew, progress)
    needs = blunted(files, outcomes, crew, progress) if blunt else ()
    return findings.collect([file.known for file in files], outcomes, needs, seeds + 1, runs), outcomes
