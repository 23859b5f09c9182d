"""Our steps in nbgrader's autograde: find and mend what a learner bent, run and judge it, write the points."""

import atexit
import shutil
import sys
from pathlib import Path

import msgspec
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool

from autograders import exercises
from autograders.course import batch, released
from autograders.course.autograded import KEPT, content, mend, show
from autograders.course.crew import own_engine
from autograders.course.materials import solution
from autograders.course.points import earned
from autograders.course.results import FOLDER, Graded, Results, Work
from autograders.course.resuming import MARK
from autograders.course.seeds import course_seed
from autograders.display import text
from autograders.judge import submissions
from autograders.judge.verdicts import Result

waiting: list[str] = []  # submissions in which the grader failed


@atexit.register
def say_who_waits() -> None:
    if waiting:
        print(
            f"The grader itself failed, twice, for: {'; '.join(waiting)}. Nothing was scored there: see the log, then\n"
            "`nbgrader autograde --force --student NAME ASSIGNMENT`, or grade by hand.",
            file=sys.stderr,
        )


def find_renamed(assignment: str, student: str, notebooks: list[str]) -> None:
    """nbgrader's hook before each submission: a notebook under another name is copied to the name that nbgrader knows."""
    if any(Path(path).stem == assignment for path in notebooks):
        return
    meant = [Path(path) for path in notebooks if answers(Path(path), assignment)]
    if len(meant) == 1:
        wanted = meant[0].with_name(f"{assignment}.ipynb")
        shutil.copyfile(meant[0], wanted)
        notebooks.append(str(wanted))


def answers(path: Path, exercise: str) -> bool:
    """Whether a file is a submission of this exercise."""
    try:
        return submissions.read(path).exercise == exercise
    except submissions.Unreadable:
        return False


class MendCells(NbGraderPreprocessor):
    """Keeps what nbgrader knows of its cells once, in a form it can read, and marks the notebook as unfinished."""

    def preprocess(self, nb, resources):
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as gradebook:
            mend(nb, released.read(gradebook, names["assignment"]).notebooks[names["notebook"]])
        nb.metadata[MARK] = True
        return nb, resources


class RunConfined(NbGraderPreprocessor):
    """Runs the notebook in a confined process, judges it, and shows the verdicts where the checks stand."""

    accept_weak_confinement = Bool(False, help="Grade although Landlock or seccomp do not hold on this machine.").tag(
        config=True
    )

    def preprocess(self, nb, resources):
        course = CourseDirectory(parent=self)
        names = resources["nbgrader"]
        path = Path(resources["metadata"]["path"]) / f"{names['notebook']}.ipynb"
        exercise = names["notebook"] if names["notebook"] in exercises.names() else ""
        handed = submissions.from_notebook(nb, path, content(nb), exercise)
        seed = course_seed(Path(course.root), create=True)
        solutions = Path(course.format_path(course.source_directory, ".", ""))
        engine = own_engine()
        engine.require_confinement(self.accept_weak_confinement)
        results = Results(Path(course.root) / FOLDER)
        graded = batch.grade(Work(path.name, handed, seed, solution(solutions, handed.exercise)), engine, results)
        show(nb, graded)
        self.tell(f"{names['student']}, {names['notebook']}", graded)
        return nb, resources

    def tell(self, whose: str, graded: Graded) -> None:
        """Log what a person should know; whose grading failed is said once more when the run ends."""
        for note in graded.result.notes:
            self.log.warning("%s: %s", whose, text.clean(note))
        if why := batch.failed(graded):
            self.log.error("%s was not graded whole, and waits for a person: %s", whose, text.clean(why))
            waiting.append(whose)


class SavePoints(NbGraderPreprocessor):
    """Writes one finite number per automatic question into the gradebook; manual ones wait for a person."""

    def preprocess(self, nb, resources):
        names = resources["nbgrader"]
        result = msgspec.convert(nb.metadata[KEPT], Result)
        with Gradebook(names["db_url"]) as gradebook:
            points = earned(nb, result, released.read(gradebook, names["assignment"]).notebooks[names["notebook"]])
            notebook = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
            for grade in notebook.grades:
                grade.auto_score = points.scores[grade.name]
                grade.needs_manual_grade = grade.auto_score is None or grade.manual_score is not None
            for comment in notebook.comments:
                comment.auto_comment = points.remarks[comment.name]
            gradebook.db.commit()
        if result.status == "graded":  # otherwise the next run tries again
            nb.metadata.pop(MARK, None)
        return nb, resources
