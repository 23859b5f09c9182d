"""The secret seed of a course, from which the inputs of the official checks are drawn."""

import secrets
from pathlib import Path

from autograders.course.results import write_new
from autograders.judge.plugin import PUBLIC_SEED

SEED_FILE = ".stateless_seed"


def course_seed(folder: Path, create: bool = False) -> str:
    """The seed in a course's folder, in a file that only its owner reads; `public` where there is none."""
    path = folder / SEED_FILE
    if create and not path.exists():
        write_new(path, secrets.token_hex(16).encode())
    return path.read_text().strip() if path.is_file() else PUBLIC_SEED
