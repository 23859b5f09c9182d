"""Our steps in nbgrader's autograde: find and mend what a learner bent, run and judge it, write the points."""

import atexit
import json
import shutil
import sys
from pathlib import Path

import msgspec
import nbformat
from nbformat.v4 import new_code_cell
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool

from autograders import exercises
from autograders.course import batch
from autograders.course.cleaning import harmless_output, only_known
from autograders.course.crew import own_engine
from autograders.course.materials import solution
from autograders.course.results import FOLDER, Graded, Results, Work
from autograders.course.resuming import MARK
from autograders.course.seeds import course_seed
from autograders.display import html, text
from autograders.judge import submissions
from autograders.judge.verdicts import QuestionResult, Result
from autograders.learner.messages import Ran

KEPT = "stateless_result"  # where the result stands in the autograded notebook's metadata


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
    """Keeps what nbgrader knows of its cells once, in a form it can read: one learner's cells must not stop a class."""

    def preprocess(self, nb, resources):
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as gradebook:
            source = gradebook.find_notebook(names["notebook"], names["assignment"])
            missing = {c.name: c for c in source.source_cells}
            answers = {c.name for c in source.solution_cells} - {c.name for c in source.grade_cells}
        for cell in reversed(nb.cells):
            told = cell.metadata.get("nbgrader")
            known = missing.pop(str(told.get("grade_id")), None) if isinstance(told, dict) else None
            if known is None:
                cell.metadata.pop("nbgrader", None)
                continue
            told["schema_version"] = 3
            if not isinstance(told.get("points", 0), (int, float)):
                told["points"] = 0  # nbgrader puts the right number back
        about = {"schema_version": 3, "solution": True, "grade": False, "locked": False, "task": False}
        for id in sorted(set(missing) & answers):  # nbgrader adds check cells anew, behind their answers
            nb.cells.append(new_code_cell("", metadata={"nbgrader": {**about, "grade_id": id}}))
        nb.metadata = only_known(nb.metadata)
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
        content = json.dumps(nb, sort_keys=True).encode()
        exercise = names["notebook"] if names["notebook"] in exercises.names() else ""
        handed = submissions.from_notebook(nb, path, content, exercise)
        seed = course_seed(Path(course.root), create=True)
        solutions = Path(course.format_path(course.source_directory, ".", ""))
        engine = own_engine()
        engine.require_confinement(self.accept_weak_confinement)
        results = Results(Path(course.root) / FOLDER)
        graded = batch.grade(Work(path.name, handed, seed, solution(solutions, handed.exercise)), engine, results)
        show_outputs(nb, graded.ran)
        show_verdicts(nb, graded.result)
        nb.metadata[KEPT] = msgspec.to_builtins(graded.result)
        self.tell(f"{names['student']}, {names['notebook']}", graded)
        return nb, resources

    def tell(self, whose: str, graded: Graded) -> None:
        """Log what a person should know; whose grading failed is said once more when the run ends."""
        for note in graded.result.notes:
            self.log.warning("%s: %s", whose, text.clean(note))
        if why := batch.failed(graded):
            self.log.error("%s was not graded whole, and waits for a person: %s", whose, text.clean(why))
            waiting.append(whose)


def show_outputs(nb, ran: dict[int, Ran]) -> None:
    """Put what the cells showed into the notebook."""
    for number, (index, cell) in enumerate(((i, c) for i, c in enumerate(nb.cells) if c.cell_type == "code"), 1):
        sent = [shown(output) for output in ran[index].outputs] if index in ran else []
        outputs = [output for output in sent if output]
        cell.outputs, cell.execution_count = outputs, number
        for output in outputs:
            if output.output_type == "execute_result":
                output.execution_count = number


def shown(output: str) -> nbformat.NotebookNode | None:
    """An output that a notebook file can hold; None for anything else that the learner's process sent."""
    try:
        # A lone surrogate is JSON and a Python string, but no UTF-8: the notebook could not be written.
        encoded = json.dumps(json.loads(output), ensure_ascii=False).encode("utf-8", "replace")
        node = nbformat.from_dict(json.loads(encoded))
        nbformat.validate(node, ref="output", version=4)
    except (TypeError, ValueError, RecursionError, nbformat.ValidationError):
        return None
    return harmless_output(node)


def show_verdicts(nb, result: Result) -> None:
    """Replace the output of each check cell by the verdict on its question."""
    found = {q.id: q for q in result.questions}
    exercise = exercises.manifest(result.exercise)
    titles = {q.id: q.title for q in exercise.questions}
    for cell in nb.cells:
        id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if id in found and utils.is_grade(cell) and cell.cell_type == "code":
            cell.outputs = [display(found[id], titles[id])]


def display(question: QuestionResult, title: str):
    """A question's verdict as a notebook output, HTML and plain text."""
    data = {"text/html": html.question(question, title), "text/plain": text.question(question, title)}
    return nbformat.from_dict({"output_type": "display_data", "data": data, "metadata": {}})


class SavePoints(NbGraderPreprocessor):
    """Writes one finite number per automatic question into the gradebook; manual ones wait for a person.

    The rows are those of the gradebook, not those cells that the learner left: a deleted check cell changes nothing.
    """

    def preprocess(self, nb, resources):
        names = resources["nbgrader"]
        result = msgspec.convert(nb.metadata[KEPT], Result)
        cells = {c.metadata.nbgrader["grade_id"]: c for c in nb.cells if utils.is_grade(c) or utils.is_solution(c)}
        with Gradebook(names["db_url"]) as gradebook:
            notebook = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
            points = {q.id: q for q in result.questions}
            for grade in notebook.grades:
                question = points.get(grade.name)
                grade.auto_score = automatic(question) if question else untouched(cells.get(grade.name))
                grade.needs_manual_grade = grade.auto_score is None or grade.manual_score is not None
            for comment in notebook.comments:
                answered = untouched(cells.get(comment.name)) is None
                comment.auto_comment = None if answered else "No response."
            gradebook.db.commit()
        nb.metadata.pop(MARK, None)
        return nb, resources


def automatic(question: QuestionResult) -> float | None:
    """A question's points; None, which asks for a person, where the grader itself failed."""
    if any(check.status == "internal" for check in question.checks):
        return None
    return min(max(float(question.points), 0.0), question.max_points)


def untouched(cell) -> float | None:
    """0 for an answer that is missing or as it was released, None for one that a person has to read."""
    if cell is None or cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell):
        return 0.0
    return None
