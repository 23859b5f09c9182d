"""What an instructor hears of a run of `stateless grade`, besides the line that shows how far it is."""

import msgspec
from rich.console import Console

from autograders.course import batch
from autograders.course.results import Graded
from autograders.display import text


class Told:
    """Tells each result as JSON if that is wanted, and at the end who waits for a person; words go to stderr if JSON is told."""

    def __init__(self, json: bool, stderr: bool = False):
        self.json, self.console, self.done, self.waiting = json, Console(stderr=json or stderr), 0, []

    def __call__(self, whose: str, graded: Graded) -> None:
        """Count a result, of the submission that is known as this."""
        self.done += 1
        if why := batch.failed(graded):
            self.waiting.append(text.clean(f"{whose}: {why}"))
        if self.json:
            print(msgspec.json.encode(graded.result).decode(), flush=True)

    def line(self, words: str) -> None:
        """Say this as it is, however wide the terminal."""
        self.console.print(words, soft_wrap=True, highlight=False, markup=False)

    def end(self, total: int, those: str) -> int:
        """Say who waits for a person, and what `those` are that were done if the run was stopped; the status to exit with."""
        if self.waiting:
            self.line("\nNot graded, a person has to look:\n" + "\n".join(self.waiting))
        if self.done < total:
            self.line(f"\nStopped: {self.done} of {total} are {those}.")
            return 130
        return 1 if self.waiting else 0
