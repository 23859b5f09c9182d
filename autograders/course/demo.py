"""A whole course in a folder: nbgrader releases, a class hands in, nbgrader grades and gives feedback."""

import logging
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from traitlets.config import Config

from autograders import exercises
from autograders.course import folders
from autograders.course.classroom import CLASS, hand_in

OWN_SETTINGS = """
# This demo's own: the exchange folder beside the course, and learners who all share one account.
c.Exchange.root = {exchange!r}
c.ExchangeCollect.check_owner = False
"""


class DemoFailed(Exception):
    """A step of nbgrader's went wrong; the message holds its log."""


def run(folder: Path, materials: Path) -> None:
    """Make the course in `folder`, which must be new or empty, and take the class through it."""
    folder = folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        raise DemoFailed(f"{folder} is not empty. Name a new folder: stateless demo FOLDER")
    console = Console()
    logging.disable(logging.ERROR)  # nbgrader's steps tell how they went in what they return
    warnings.simplefilter("ignore")
    try:
        course = make_course(folder, materials)
        steps = list(plan(course, folder, materials))
        columns = (TextColumn("{task.description:<44}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("", total=len(steps))
            for told, step in steps:
                progress.update(task, description=told)
                step()
                progress.advance(task)
            progress.update(task, description="done")
    finally:
        logging.disable(logging.NOTSET)
    report(console, course)


def make_course(folder: Path, materials: Path) -> Path:
    """A course directory with the source notebooks and the settings."""
    course, exchange = folder / "course", folder / "exchange"
    for name in exercises.names():
        target = course / "solutions" / name
        target.mkdir(parents=True)
        shutil.copyfile(materials / "solutions" / name / f"{name}.ipynb", target / f"{name}.ipynb")
    exchange.mkdir()
    exchange.chmod(0o777)
    settings = (materials / folders.SETTINGS).read_text() + OWN_SETTINGS.format(exchange=str(exchange))
    (course / folders.SETTINGS).write_text(settings)
    return course


def plan(course: Path, folder: Path, materials: Path) -> Iterator[tuple[str, object]]:
    """The steps in order, each with what is told while it runs."""
    api = NbGraderAPI(config=folders.settings(course))
    for name in exercises.names():
        yield f"release {name}", lambda name=name: (ok(api.generate_assignment(name)), ok(api.release_assignment(name)))
    for learner, answers in CLASS.items():
        yield f"{learner} works and submits", lambda a=answers, who=learner: work(who, a, course, folder, materials)
    for name in exercises.names():
        yield f"collect {name}", lambda name=name: ok(api.collect(name))
    for place, name in enumerate(exercises.names()):
        for learner in [who for who, answers in CLASS.items() if answers[place]]:
            yield f"autograde {name}, {learner}", lambda n=name, who=learner: ok(api.autograde(n, who))
    for name in exercises.names():
        yield f"feedback {name}", lambda name=name: (ok(api.generate_feedback(name)), ok(api.release_feedback(name)))


def ok(outcome: dict) -> None:
    """Raises DemoFailed with nbgrader's log unless a step succeeded."""
    if not outcome["success"]:
        raise DemoFailed(outcome.get("error") or outcome.get("log") or "a step of nbgrader's failed")


def work(learner: str, answers: tuple[str, ...], course: Path, folder: Path, materials: Path) -> None:
    """A learner fetches, answers and submits, each exercise that they do, through the exchange."""
    for name, file in zip(exercises.names(), answers, strict=True):
        if not file:
            continue
        desk = folder / "learners" / learner
        desk.mkdir(parents=True, exist_ok=True)
        settings = learner_settings(course, desk, learner, name)
        exchange(settings, "FetchAssignment")
        if file != "released":
            hand_in(desk / name / f"{name}.ipynb", materials / "tests" / "submissions" / name / f"{file}.py")
        exchange(settings, "Submit")


def learner_settings(course: Path, desk: Path, learner: str, name: str) -> Config:
    """The settings of somebody who works in a folder of their own."""
    config = folders.settings(course)
    config.CourseDirectory.root = str(desk)
    config.CourseDirectory.student_id = learner
    config.CourseDirectory.assignment_id = name
    config.Exchange.assignment_dir = str(desk)
    config.Exchange.cache = str(desk / ".nbgrader_cache")
    return config


def exchange(config: Config, step: str) -> None:
    """One of nbgrader's exchange steps."""
    parts = {"coursedir": CourseDirectory(config=config), "authenticator": Authenticator(config=config)}
    getattr(ExchangeFactory(config=config), step)(**parts, config=config).start()


def report(console: Console, course: Path) -> None:
    """The table of points by learner and question, and where everything is."""
    with Gradebook(
        folders.settings(course).CourseDirectory.get("db_url", f"sqlite:///{course}/gradebook.db")
    ) as gradebook:
        for name in exercises.names():
            console.print(table(gradebook, name))
    lines = (
        "? is an explanation that waits for a person, - was not handed in.",
        f"Feedback pages: {course}/feedback/<learner>/<exercise>/<exercise>.html",
        f"Gradebook:      {course}/gradebook.db",
        f"Go on by hand:  cd {course} && nbgrader export",
        "                or: jupyter lab, menu Nbgrader > Formgrader",
    )
    console.print("\n".join(lines), soft_wrap=True, highlight=False, markup=False)


def table(gradebook: Gradebook, name: str) -> Table:
    """One exercise: a row for each learner, a column for each question."""
    questions = exercises.manifest(name).questions
    made = Table(title=f"{name}: {exercises.manifest(name).title}", title_justify="left")
    made.add_column("learner")
    for question in questions:
        made.add_column(f"{question.id.replace('_', ' ')} ({question.points:g})", justify="right")
    made.add_column("points", justify="right", style="bold")
    for learner in CLASS:
        row = points(gradebook, name, learner)
        shown = ["-" if row is None else "?" if row[q.id] is None else f"{row[q.id]:g}" for q in questions]
        total = "-" if row is None else f"{sum(v for v in row.values() if v is not None):g}"
        made.add_row(learner, *shown, total)
    return made


def points(gradebook: Gradebook, name: str, learner: str) -> dict[str, float | None] | None:
    """A learner's points by question; None where a person has to read, or where nothing was handed in."""
    try:
        submission = gradebook.find_submission(name, learner)
    except Exception:  # nbgrader's MissingEntry
        return None
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    return {grade.name: None if grade.needs_manual_grade else grade.score for grade in grades}
