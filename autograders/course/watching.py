"""What one sees of a batch while it runs, and how one stops it."""

import contextlib
import signal
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from autograders.course import batch
from autograders.course.crew import Crew
from autograders.course.results import Graded

console = Console(stderr=True)


class Rate(ProgressColumn):
    """How many submissions are graded in a minute."""

    def render(self, task) -> Text:
        return Text(f"{task.speed * 60:.0f} a minute" if task.speed else "")


@contextlib.contextmanager
def watching(total: int) -> Iterator[Callable[[Graded], None]]:
    """A line on stderr with what is done, failed and remaining; the function tells it of another result."""
    said = TextColumn("{task.fields[kept]} kept, {task.fields[failed]} failed")
    columns = (BarColumn(), MofNCompleteColumn(), said, Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task, numbers = progress.add_task("", total=total, kept=0, failed=0), {"kept": 0, "failed": 0}

        def tell(graded: Graded) -> None:
            numbers["kept"] += graded.kept
            numbers["failed"] += bool(batch.failed(graded))
            progress.update(task, advance=1, **numbers)

        yield tell


@contextlib.contextmanager
def stoppable(crew: Crew) -> Iterator[None]:
    """Ctrl-C lets the crew finish what it has begun; a second one ends it at once."""

    def stop(*_) -> None:
        crew.stopping = True
        signal.signal(signal.SIGINT, before)
        console.print("Stopping when what has begun is done. Ctrl-C again stops at once.")

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
