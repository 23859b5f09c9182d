"""The command `stateless`: for learners start, check and hint; for instructors grade, release, doctor and demo."""

import contextlib
import functools
import gc
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from autograders.course.crew import Crew
    from autograders.sandbox.spawning import Trunk

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=__doc__,
    rich_markup_mode=None,
    context_settings={"max_content_width": 140},
)

ExerciseOption = Annotated[str, typer.Option("--exercise", help="The exercise, where the file does not say which.")]
MaterialsOption = Annotated[Path | None, typer.Option("--materials", help="The instructor's folder with solutions/.")]


def stop(message: str) -> typer.Exit:
    """Say what is wrong on stderr and end with status 2."""
    typer.echo(message, err=True)
    return typer.Exit(2)


@app.command()
def start(folder: Path) -> None:
    """Put a fresh copy of the exercises into FOLDER; notebooks that are there already stay as they are."""
    from autograders import exercises
    from autograders.course.assignments import copy_to

    copied = copy_to(folder)
    for name in exercises.names():
        path, told = folder / f"{name}.ipynb", exercises.manifest(name)
        state = "new" if path in copied else "already here, left as it is"
        typer.echo(f"{path}  {told.title} ({told.minutes} minutes)  {state}")
    typer.echo(f"\nNext: jupyter lab {folder}")


@app.command()
def check(
    notebook: Annotated[
        Path | None, typer.Argument(help="A notebook or .py file; all exercises here without it.")
    ] = None,
    question: Annotated[str, typer.Argument(help="Only this question.")] = "",
    exercise: ExerciseOption = "",
) -> None:
    """Check your answers as the grader would, with public inputs, and say what to mend. Status 1 when something fails."""
    from autograders import exercises
    from autograders.display import text
    from autograders.judge import grading, submissions
    from autograders.judge.learners import engine

    paths = [notebook] if notebook else [p for p in sorted(Path().glob("*.ipynb")) if p.stem in exercises.names()]
    if not paths:
        raise stop("No exercise notebooks here. `stateless start .` puts them here; or name one: stateless check FILE.")
    missed = 0
    with engine() as running:
        for path in paths:
            try:
                handed = submissions.read(path, exercise)
                told = exercises.manifest(handed.exercise)
                titles = {q.id: q.title for q in told.questions}
                if question and question not in titles:
                    raise stop(f"{path} has no question {question!r}. It has: {', '.join(titles)}.")
                result, _ = grading.grade(str(path), handed, running)
            except submissions.Unreadable as error:
                raise stop(str(error)) from error
            shown = [q for q in result.questions if q.id == question] if question else result.questions
            missed += sum(q.points < q.max_points for q in shown)
            one = "\n".join(text.question(q, titles[q.id]) for q in shown)
            typer.echo(one if question else text.result(result))
    raise typer.Exit(1 if missed else 0)


@app.command()
def hint(
    question: str,
    step: Annotated[
        int, typer.Argument(help="1, 2 or 3: a question, where to look, a smaller example.", min=1, max=3)
    ] = 1,
    exercise: ExerciseOption = "",
) -> None:
    """Show a hint for QUESTION: first a question, then where to look, then a smaller example."""
    from autograders import exercises

    found = [(e, q) for e in exercises.names() for q in exercises.manifest(e).questions if q.id == question]
    found = [(e, q) for e, q in found if not exercise or e == exercise]
    if not found:
        known = ", ".join(dict.fromkeys(q.id for e in exercises.names() for q in exercises.manifest(e).questions))
        raise stop(f"No question is called {question!r}. There are: {known}.")
    for name, told in found:
        typer.echo(f"{name}, {told.title} (hint {step} of 3)\n  {told.hints[step - 1]}")
    if step < 3:
        typer.echo(f"\nThe next one: stateless hint {question} {step + 1}")


@app.command()
def grade(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Notebooks, .py files, or folders of notebooks.")
    ],
    json: Annotated[bool, typer.Option("--json", help="One JSON document a line.")] = False,
    exercise: ExerciseOption = "",
    materials: MaterialsOption = None,
    course: Annotated[Path, typer.Option(help="The course whose secret seed is used, where it has one.")] = Path(),
    results: Annotated[
        Path | None, typer.Option(help="Keep results in this folder, and do not grade again what is there.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Record nothing in the course; say what would change.")
    ] = False,
    workers: Annotated[str, typer.Option(help="Submissions at once; auto: as cores and memory allow.")] = "auto",
    scheduler: Annotated[
        str, typer.Option(help="Grade on the workers of this Dask scheduler, such as tcp://host:8786.")
    ] = "",
    accept_weak_confinement: Annotated[
        bool,
        typer.Option("--accept-weak-confinement", help="Grade though this machine cannot confine submissions well."),
    ] = False,
) -> None:
    """Grade submissions; those in a course's `submitted/` are recorded in its gradebook.

    Status 1 when one could not be graded; the others are.
    """
    from autograders.course import crew, folders, room

    if workers != "auto" and not workers.isdecimal():
        raise stop(f"--workers is a number or auto, not {workers!r}.")
    number = room.fitting() if workers == "auto" else int(workers) or 1
    handed_in = sum(len(list(path.rglob("*.ipynb"))) if path.is_dir() else 1 for path in paths)
    with contextlib.nullcontext() if scheduler else crew.trunk(number, handed_in) as trunk:
        hire = functools.partial(_hire, scheduler, number, accept_weak_confinement, trunk)
        if root := folders.course_of(paths):
            _grade_course(root, paths, hire, json, dry_run, accept_weak_confinement)
        _grade_files(paths, hire, json, exercise, materials, course, results, accept_weak_confinement)


def _grade_files(
    paths: list[Path],
    hire: Callable[[int], "Crew"],
    json: bool,
    exercise: str,
    materials: Path | None,
    course: Path,
    results: Path | None,
    accept_weak: bool,
) -> NoReturn:
    """Grade files that no course records."""
    from autograders.course import batch, loose
    from autograders.course.crew import NoWorkers
    from autograders.course.materials import NoMaterials, find
    from autograders.course.results import Results
    from autograders.course.seeds import course_seed
    from autograders.judge.learners import TooWeak

    try:
        solutions = find(materials) / "solutions"
    except NoMaterials as error:
        if materials:
            raise stop(str(error)) from error
        solutions = None
    found, seed, kept = list(files(paths)), course_seed(course), Results(results) if results else None
    works = (batch.read(path, exercise, seed, solutions) for path in found)
    try:
        raise typer.Exit(loose.grade(works, len(found), hire(len(found)), json, kept, accept_weak))
    except (TooWeak, NoWorkers) as error:
        raise stop(str(error)) from error


def _hire(scheduler: str, workers: int, accept_weak: bool, trunk: "Trunk | None", most: int) -> "Crew":
    """The workers of a scheduler, or so many on this machine, which share the trunk."""
    from autograders.course import crew

    if not scheduler:
        return crew.Crew(min(workers, most) or 1, trunk)
    try:
        from autograders.course import cluster
    except ImportError as error:
        raise stop("A cluster needs Dask: pip install 'stateless-flax[cluster]'") from error
    try:
        return cluster.Cluster(scheduler, accept_weak)
    except crew.NoWorkers as error:
        raise stop(str(error)) from error


def _grade_course(
    root: Path, paths: list[Path], hire: Callable[[int], "Crew"], json: bool, dry_run: bool, accept_weak: bool
) -> NoReturn:
    """Grade and record what a course's class handed in."""
    # jsonschema has a grammar compiled for it on import, for a format that no notebook has: half of the imports' time.
    sys.modules.setdefault("rfc3987_syntax", None)
    from autograders.course import coursework
    from autograders.course.crew import NoWorkers
    from autograders.course.gradebook import Unwritable
    from autograders.course.released import NotReleased
    from autograders.judge.learners import TooWeak

    gc.freeze()  # all that was imported would be searched for garbage at the end, which takes half a second
    try:
        raise typer.Exit(coursework.grade(root, paths, hire, json, dry_run, accept_weak))
    except (NotReleased, Unwritable, TooWeak, NoWorkers) as error:
        raise stop(str(error)) from error


def files(paths: list[Path]) -> Iterator[Path]:
    """The files that paths mean; a folder means the notebooks in it, at any depth."""
    for path in paths:
        if path.is_dir():
            inside = [p for p in sorted(path.rglob("*.ipynb")) if ".ipynb_checkpoints" not in p.parts]
            if not inside:
                typer.echo(f"{path}: a folder without a notebook. Nothing was handed in here.", err=True)
            yield from inside
        else:
            yield path


@app.command()
def release(materials: MaterialsOption = None) -> None:
    """Make assignments/ anew from solutions/, with nbgrader; solutions are stripped."""
    from autograders.course.materials import NoMaterials, find
    from autograders.course.release import ReleaseFailed
    from autograders.course.release import release as make

    try:
        for path in make(find(materials)):
            typer.echo(path)
    except (NoMaterials, ReleaseFailed) as error:
        raise stop(str(error)) from error


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="An empty or new folder.")] = Path("stateless-demo"),
    materials: MaterialsOption = None,
) -> None:
    """Make a course with a class, and run it with nbgrader from release to feedback."""
    from autograders.course.demo import DemoFailed, run
    from autograders.course.materials import NoMaterials, find

    try:
        run(folder, find(materials))
    except (NoMaterials, DemoFailed) as error:
        raise stop(str(error)) from error


@app.command()
def audit(
    exercise: Annotated[str, typer.Argument(help="Only this exercise.")] = "",
    seeds: Annotated[int, typer.Option(help="How many secret seeds to try besides the public one.")] = 0,
    runs: Annotated[int, typer.Option(help="How often to repeat the public seed.")] = 1,
    workers: Annotated[int, typer.Option(help="Processes; one for each core without it.")] = 0,
    only: Annotated[str, typer.Option(help="Only files whose name contains this.")] = "",
    blunt: Annotated[bool, typer.Option(help="Make each check pass in turn, and see what slips through.")] = True,
    without: Annotated[
        list[str] | None, typer.Option(help="Leave out this wall: namespaces, uid, landlock, seccomp; may be repeated.")
    ] = None,
    corpus: Annotated[Path | None, typer.Option(help="The folder with right and wrong answers.")] = None,
    write: Annotated[
        bool, typer.Option(help="Write the thresholds' evidence, its picture and the page of checks.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Test the autograders with answers whose verdict is known. Status 1 when one is judged wrongly or a check is dead."""
    import msgspec

    from autograders import exercises
    from autograders.audit import auditing, evidence, page, picture, table
    from autograders.audit.corpus import find, load
    from autograders.audit.running import Task
    from autograders.course.crew import Crew, trunk
    from autograders.course.materials import NoMaterials
    from autograders.course.room import fitting
    from autograders.sandbox.starting import WALLS

    if exercise and exercise not in exercises.names():
        raise stop(f"No exercise is called {exercise!r}. There are: {', '.join(exercises.names())}.")
    try:
        folder = find(corpus)
        known = [k for k in load(folder, [exercise] if exercise else exercises.names()) if only in k.name]
        for lacking in (k for k in known if not k.runs_here):
            typer.echo(f"{lacking.name} is left out: it needs {' and '.join(lacking.needs)}.", err=True)
        known = [k for k in known if k.runs_here]
    except (NoMaterials, ValueError) as error:
        raise stop(str(error)) from error
    solutions = folder.parents[1] / "solutions"
    walls = tuple(wall for wall in WALLS if wall not in (without or ()))
    tasks = [Task(k, solutions, walls) for k in known]
    number = workers or fitting()
    with trunk(number, len(known), walls) as shared, Crew(number, shared) as crew:
        found, outcomes = auditing.audit(tasks, seeds, runs, crew, table.progress, blunt and not only)
    for name in dict.fromkeys(k.exercise for k in known) if write else ():
        measured = evidence.measure(name, known, outcomes)
        for path in (evidence.write(*measured), picture.draw(*measured), page.write(name, load(folder, [name]))):
            typer.echo(path, err=True)
    typer.echo(msgspec.json.encode(found).decode()) if json else table.Console().print(table.rendered(found))
    raise typer.Exit(0 if found.sound else 1)


@app.command()
def doctor(
    attack: Annotated[bool, typer.Option("--attack", help="Try to break out, on canaries of our own.")] = False,
    family: Annotated[list[str] | None, typer.Option(help="Only attacks of this family; may be repeated.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Say what confines a submission on this machine and what is missing. Status 1 when that is too little, or an attack succeeds."""
    from rich.console import Console

    from autograders.doctor import report
    from autograders.doctor.attack import FAMILIES, all_attacks
    from autograders.doctor.trying import LIMITS
    from autograders.judge.learners import engine
    from autograders.sandbox import starting

    unknown = set(family or ()) - set(FAMILIES)
    if unknown:
        raise stop(f"No family of attacks is called {min(unknown)!r}. There are: {', '.join(FAMILIES)}.")
    chosen = [a for a in all_attacks() if not family or a.family in family] if attack else []
    with engine(LIMITS if attack else None) as running:
        outcomes = report.tried(chosen, running) if chosen else []
        if json:
            typer.echo(report.document(running, outcomes))
        else:
            Console().print(report.rendered(running, outcomes))
        weak = starting.lacking(running.layers)
    raise typer.Exit(1 if weak or not all(one.sound for one in outcomes) else 0)


if __name__ == "__main__":
    sys.exit(app())
