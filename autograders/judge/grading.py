"""Grades one submission: runs its cells, its checks, and the doubtful questions once more beside reference answers."""

import contextlib
import dataclasses
import functools
import hashlib
import importlib.metadata
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import autograders
from autograders import exercises
from autograders.checks import Failure
from autograders.exercises import Exercise, Question
from autograders.judge import plugin, verdicts
from autograders.judge.handle import Submission
from autograders.judge.learners import ConfinedLearner, Engine
from autograders.judge.peers import ProcessLost
from autograders.judge.plugin import PUBLIC_SEED, Bench, Given
from autograders.judge.submissions import Handed
from autograders.judge.verdicts import Result, Usage, Verdict
from autograders.learner.messages import Ran, StandIn

QUIET = ("-s", "--noconftest", "--assert=plain", "--import-mode=importlib", "--strict-markers")
WITHOUT = ("cacheprovider", "terminal", "logging", "warnings", "faulthandler", "threadexception", "unraisableexception")
WITHOUT += ("pastebin", "junitxml", "doctest", "setuponly", "setupplan", "stepwise", "legacypath")
PACKAGES = ("jax", "flax", "optax", "numpy", "stateless-flax")


@dataclasses.dataclass(frozen=True)
class Watch:
    """What an audit asks for: checks that are made to pass, and a list that takes what thresholds were compared with."""

    blunt: frozenset[str] = frozenset()
    values: list[tuple[str, str, float]] = dataclasses.field(default_factory=list)


def run_checks(
    exercise: Exercise, handle: Submission, seed: str = PUBLIC_SEED, only: str = "", watch: Watch | None = None
) -> dict[str, Verdict]:
    """The verdicts of an exercise's checks on a handle, by check; `only` names one question."""
    watch = watch or Watch()
    bench = Bench(seed, only, watch.blunt)
    bench.handles[""] = handle
    options = [f"--rootdir={exercise.test_file.parent}", "-c", str(exercise.test_file.parent / "pytest.ini")]
    without = [argument for name in WITHOUT for argument in ("-p", f"no:{name}")]
    hidden = {name: os.environ.pop(name) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS") if name in os.environ}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        pytest.main([str(exercise.test_file), *QUIET, *options, *without], plugins=[plugin, Given(bench)])
    finally:
        os.environ.update(hidden)
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
    watch.values.extend(bench.values)
    return {check: verdict for (_, check), verdict in bench.verdicts.items()}


References = Callable[[tuple[str, ...]], StandIn | None]


def no_references(questions: tuple[str, ...]) -> None:
    """Nothing stands in for wrong earlier answers."""


def grade(
    source: str,
    handed: Handed,
    engine: Engine,
    seed: str = PUBLIC_SEED,
    references: References = no_references,
    watch: Watch | None = None,
) -> tuple[Result, dict[int, Ran]]:
    """Grade a submission; what its cells showed comes along, by place in the notebook.

    `references(questions)` gives the definitions that may stand in for these earlier answers, where they are at hand.
    """
    started = time.monotonic()
    chosen = exercises.load(handed.exercise)
    with contextlib.closing(engine.learner(list(handed.cells))) as learner:
        found = _first_run(chosen, learner, engine, seed, watch)
    stood_in = {}
    for question in chosen.automatic:
        # First the wrong answers alone, then all that the question builds on: an answer may rely on another's form.
        for doubtful in dict.fromkeys((_doubtful(chosen, question, found), question.builds_on)):
            if not _doubtful(chosen, question, found):
                break
            stand_in = references(doubtful)
            if stand_in and _again(chosen, question, handed, stand_in, engine, seed, found, watch):
                stood_in[question.id] = doubtful
    usage = Usage(round(time.monotonic() - started, 3), round(learner.used.cpu_s, 3), round(learner.used.peak_mib, 1))
    layers = tuple(learner.layers)
    return _result(source, handed, chosen, found, stood_in, notes(learner), usage, layers, seed), learner.ran


def _first_run(
    chosen: Exercise, learner: ConfinedLearner, engine: Engine, seed: str, watch: Watch | None
) -> dict[str, Verdict]:
    try:
        learner.start()
    except Failure as failure:  # the whole notebook ran into a limit: its checks cannot be asked
        said = Verdict(failure.status, failure.what, failure.why, failure.hint)
        return {check.id: said for check in chosen.checks}
    handle = Submission(learner.ask, engine.evaluate, engine.limits.request_s)
    return run_checks(chosen, handle, seed, watch=watch)


def _doubtful(chosen: Exercise, question: Question, found: dict[str, Verdict]) -> tuple[str, ...]:
    """The earlier questions whose wrong answers may have spoilt this one; none when it is unsolved itself.

    Where the grader failed, nothing is known of an answer: the whole submission is graded again.
    """
    verdicts_on = {
        q.id: [found.get(c.id, verdicts.MISSING) for c in chosen.checks if c.question == q.id] for q in chosen.automatic
    }
    own = verdicts_on[question.id]
    if all(v.status == "pass" for v in own) or any(v.unsolved and _names(v, question) for v in own):
        return ()
    unknown = {id for id, several in verdicts_on.items() if any(v.status == "internal" for v in several)}
    wrong = {id for id, several in verdicts_on.items() if any(v.status != "pass" for v in several)} - unknown
    return () if question.id in unknown else tuple(earlier for earlier in question.builds_on if earlier in wrong)


def _names(verdict: Verdict, question: Question) -> bool:
    """Whether an unsolved stub is one of this question's own."""
    return verdict.status == "blocked" or any(name in verdict.what for name in question.defines)


def _again(
    chosen: Exercise,
    question: Question,
    handed: Handed,
    stand_in: StandIn,
    engine: Engine,
    seed: str,
    found: dict[str, Verdict],
    watch: Watch | None,
) -> bool:
    """Judge a question once more with references in place of earlier answers; a check that passes now has passed.

    Where the grader fails meanwhile, nothing is known of the check. True where one passed.
    """
    try:
        with contextlib.closing(engine.learner(list(handed.cells), [stand_in])) as learner:
            learner.start()
            handle = Submission(learner.ask, engine.evaluate, engine.limits.request_s)
            second = run_checks(chosen, handle, seed, question.id, watch)
    except (Failure, ProcessLost):
        return False
    settled = {check: v for check, v in second.items() if v.status in ("pass", "internal")}
    better = {check: v for check, v in settled.items() if found[check].status != "pass"}
    found.update(better)
    return any(v.status == "pass" for v in better.values())


def notes(learner: ConfinedLearner) -> list[str]:
    """What a person should know of the run beside the verdicts: cells that stopped, were stopped, or were left out."""
    said = []
    for number, cell in enumerate(learner.cells, 1):
        error = learner.ran[cell.index].error if cell.index in learner.ran else "not run"
        if error and error != "NotImplementedError":
            first = next((line for line in cell.source.strip().split("\n") if not line.startswith("# %%")), "")[:60]
            said.append(f"code cell {number} (`{first}`): {_ended(error)}")
    return said


def _ended(error: str) -> str:
    if error == "time":
        return "stopped by the time limit"
    if error == "not run":
        return "not run, because too many cells before it ended the process"
    if error.startswith("lost"):
        return f"did not come to an end ({error.removeprefix('lost: ')}); the other cells were run without it"
    return f"stopped with {error[:80]}"


def _result(source, handed, chosen, found, stood_in, said, usage, layers, seed) -> Result:
    answers = verdicts.questions(chosen, found, stood_in)
    failed = any(check.status == "internal" for question in answers for check in question.checks)
    return Result(
        source=source,
        exercise=handed.exercise,
        submission=handed.sha256,
        status="internal" if failed else "graded",
        points=round(sum(q.points for q in answers), 4),
        max_points=sum(q.points for q in chosen.automatic),
        manual_points=sum(q.points for q in chosen.manifest.questions if q.manual),
        questions=tuple(answers),
        notes=tuple(said),
        usage=usage,
        layers=layers,
        versions=versions(),
        backend=backend(),
        seed=seed_name(seed),
        grader=grader(handed.exercise),
    )


def ungraded(source: str, why: str) -> Result:
    """The result for a file that cannot be graded: no points, and a person is asked to look."""
    nothing = {"points": 0.0, "max_points": 0.0, "manual_points": 0.0, "questions": (), "layers": ()}
    usage, about = (
        Usage(0.0, 0.0, 0.0),
        {"versions": versions(), "backend": backend(), "grader": autograders.__version__},
    )
    return Result(
        source=source,
        exercise="",
        submission="",
        status="internal",
        notes=(why,),
        usage=usage,
        seed="",
        **nothing,
        **about,
    )


@functools.cache
def versions() -> dict[str, str]:
    """The packages that verdicts depend on."""
    return {name: importlib.metadata.version(name) for name in PACKAGES}


def backend() -> str:
    """Where programs are run."""
    return os.environ.get("JAX_PLATFORMS") or "cpu"


def seed_name(seed: str) -> str:
    """A seed as results show it: `public`, or a hash that tells secret ones apart."""
    return seed if seed == PUBLIC_SEED else hashlib.sha256(seed.encode()).hexdigest()[:16]


@functools.cache
def grader(exercise: str) -> str:
    """The version of the grader, with a hash of the exercise's checks."""
    chosen = exercises.load(exercise)
    folders = (chosen.test_file.parent, Path(autograders.__file__).parent / "checks")
    files = [file for folder in folders for file in sorted(folder.glob("*.py"))]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return f"{autograders.__version__}+{digest[:12]}"
