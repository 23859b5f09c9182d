"""The pytest plugin: hands a submission to the checks, records verdicts, and collects exercise notebooks.

`pytest counter.ipynb` collects the checks of the exercise that the notebook belongs to;
`pytest --pyargs autograders.exercises.counter --submission alice/counter.ipynb` runs them on another file.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from autograders.checks import Failure, GraderError, bands
from autograders.display.text import clean
from autograders.judge.verdicts import Verdict

PUBLIC_SEED = "public"


class Bench:
    """What one pytest run grades: handles by path, the seed of the inputs, and the verdicts so far."""

    def __init__(self, seed: str = PUBLIC_SEED, only: str = "", blunt: frozenset[str] = frozenset()):
        self.seed, self.only, self.blunt = seed, only, blunt
        self.handles: dict[str, object] = {}
        self.learners: list = []
        self.engine = None
        self.verdicts: dict[tuple[str, str], Verdict] = {}
        self.values: list[tuple[str, str, float]] = []  # check, band, what was compared with its limit

    def handle(self, path: str) -> object:
        """The handle to a file's functions; the file is run in a confined process when first asked for."""
        if path not in self.handles:
            from autograders.judge import learners, submissions
            from autograders.judge.handle import Submission

            self.engine = self.engine or learners.Engine()
            learner = self.engine.learner(list(submissions.read(Path(path)).cells))
            self.learners.append(learner)
            learner.start()
            self.handles[path] = Submission(learner.ask, self.engine.evaluate, self.engine.limits.request_s)
        return self.handles[path]

    def close(self) -> None:
        for learner in self.learners:
            learner.close()
        if self.engine:
            self.engine.close()


BENCH = pytest.StashKey[Bench]()


class Given:
    """Registered by our own callers: the submission is already open under the path ''."""

    def __init__(self, bench: Bench):
        self.bench = bench

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[BENCH] = self.bench
        config.option.tbstyle = "no"  # nobody sees these tracebacks, and writing one out takes longer than the check


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("stateless").addoption("--submission", metavar="FILE", help="a notebook or .py file to check")


def pytest_configure(config: pytest.Config) -> None:
    config.stash.setdefault(BENCH, Bench())


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[BENCH].close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "NotebookFile | None":
    if file_path.suffix != ".ipynb" or ".ipynb_checkpoints" in file_path.parts:
        return None
    from autograders.judge import submissions

    try:
        exercise = submissions.read(file_path).exercise
    except submissions.Unreadable:
        # Other people's notebooks are none of ours; one that the user named is.
        named = any(Path(arg.split("::")[0]).resolve() == file_path for arg in parent.config.args)
        if not named:
            return None
        exercise = ""
    return NotebookFile.from_parent(parent, path=file_path, exercise=exercise)


class NotebookFile(pytest.File):
    """An exercise notebook: its items are the checks of its exercise."""

    def __init__(self, *, exercise: str, **kwargs: object):
        super().__init__(**kwargs)
        self.exercise = exercise

    def collect(self) -> Iterator[pytest.Item]:
        from autograders import exercises
        from autograders.judge import submissions

        if not self.exercise:
            try:
                submissions.read(self.path)
            except submissions.Unreadable as error:
                raise self.CollectError(str(error)) from error
        test_file = exercises.load(self.exercise).test_file
        module = pytest.Module.from_parent(self, path=test_file, name="checks", nodeid=self.nodeid)
        for item in module.collect():
            yield NotebookCheck.from_parent(module, name=item.function.graded.id, callobj=item.function)


class NotebookCheck(pytest.Function):
    """A check of a notebook, shown under its own name and that of the notebook: `counter.ipynb::same_under_jit`."""

    def reportinfo(self) -> tuple[Path, None, str]:
        notebook = self.getparent(NotebookFile).path
        return notebook, None, f"{self.name} ({notebook.name})"


@pytest.fixture
def submission(request: pytest.FixtureRequest) -> object:
    """The handle to the functions of the submission that is checked."""
    bench = request.config.stash[BENCH]
    try:
        return bench.handle(_path(request.node))
    except Failure:
        raise
    except Exception as error:
        from autograders.judge.submissions import Unreadable

        raise Failure(str(error)) from error if isinstance(error, Unreadable) else error


@pytest.fixture
def inputs(request: pytest.FixtureRequest) -> np.random.Generator:
    """Random numbers of this check's own, from the seed: public when learners check themselves, secret when grading."""
    return drawn_for(request.node.function.graded.id, request.config.stash[BENCH].seed)


def drawn_for(check: str, seed: str) -> np.random.Generator:
    """The random numbers of one check under one seed."""
    digest = hashlib.sha256(f"{seed}/{check}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def _path(item: pytest.Item) -> str:
    notebook = item.getparent(NotebookFile)
    return str(notebook.path) if notebook else item.config.getoption("--submission", default=None) or ""


def _graded(item: pytest.Item) -> object:
    return getattr(getattr(item, "function", None), "graded", None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    only = config.stash[BENCH].only
    if only:
        items[:] = [item for item in items if (graded := _graded(item)) and graded.question in only.split(",")]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """A blunted check passes without being run."""
    graded, bench = _graded(item), item.config.stash[BENCH]
    bands.seen.clear()
    if not graded or graded.id not in bench.blunt:
        return None
    bench.verdicts[_path(item), graded.id] = Verdict("pass")
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A check whose needs do not hold is blocked: the learner mends one thing at a time."""
    graded, bench = _graded(item), item.config.stash[BENCH]
    if not graded:
        return
    for need in graded.needs:
        verdict = bench.verdicts.get((_path(item), need))
        if verdict is None and isinstance(item, NotebookCheck):
            continue  # pytest was asked for this check alone
        if verdict is None or verdict.status != "pass":
            unsolved = bool(verdict and verdict.unsolved)
            blocked = Verdict("blocked", f"Waits for {need}.", "", "Mend that one first.", unsolved=unsolved)
            bench.verdicts[_path(item), graded.id] = blocked
            pytest.skip(f"blocked: waits for {need}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """Turns the end of a check into a verdict, and a Failure into what a learner reads."""
    report = yield
    graded = _graded(item)
    if not graded or call.when == "teardown":
        return report
    bench, key = item.config.stash[BENCH], (_path(item), graded.id)
    bench.values += [(graded.id, band, value) for band, value in bands.seen]
    bands.seen.clear()
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, Failure):
        bench.verdicts[key] = verdict_of(error)
        report.longrepr = told(bench.verdicts[key])
    elif isinstance(error, pytest.skip.Exception) and isinstance(item, NotebookCheck):
        report.longrepr = (report.location[0], None, str(error))  # not where in this file it was skipped
    elif error is None and call.when == "call":
        bench.verdicts[key] = Verdict("pass")
    elif error is not None and not isinstance(error, pytest.skip.Exception):
        bench.verdicts[key] = internal(error)
        report.sections.insert(0, ("not your mistake", told(bench.verdicts[key])))
    return report


def verdict_of(failure: Failure) -> Verdict:
    """What a failed check says."""
    said = (failure.what, failure.why, failure.hint, failure.misconception, failure.unsolved)
    return Verdict(failure.status, *said)


def internal(error: BaseException) -> Verdict:
    """A fault of ours, told as one."""
    named = f"{type(error).__name__}: {error}" if isinstance(error, GraderError) else type(error).__name__
    what = f"The grader failed here, not your code ({named[:200]})."
    return Verdict(
        "internal", what, "Nothing was scored for this check; a person has to look.", "Show this to your teacher."
    )


def told(verdict: Verdict) -> str:
    """A verdict as text: what, why, hint."""
    lines = [("what: ", verdict.what), ("why:  ", verdict.why), ("hint: ", verdict.hint)]
    return "\n".join(label + clean(text) for label, text in lines if text)
