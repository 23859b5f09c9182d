"""A learner's folder is counted and removed, whatever was done to it."""

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograders.sandbox import scratch


def deep(folder: Path) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("f", dir_fd=here)
        inner = os.open("f", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def locked(folder: Path) -> None:
    (folder / "locked").mkdir(0o300)
    (folder / "locked" / "file").write_text("x")
    (folder / "empty").mkdir(0)


def as_user(change: Callable, *arguments: object) -> None:
    """Do it as somebody whom permissions hold for, in a child process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of JAX, which another test may have started: the child leaves it alone
        child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setresuid(64321, 64321, 64321)
        try:
            change(*arguments)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp())
    if os.geteuid() == 0:
        os.chown(made, 64321, 64321)
    yield made
    scratch.remove(made)


def uncountable(folder: Path) -> None:
    with pytest.raises(scratch.Uncountable):
        scratch.content(folder, 10**6)


def removed(folder: Path) -> None:
    scratch.remove(folder)
    assert not (folder.exists() and list(folder.iterdir()))


@pytest.mark.parametrize("make", [deep, locked])
def test_a_hostile_folder_is_noticed_and_removed(folder, make):
    """One that is too deep or cannot be listed counts as too much, and nothing of it is left."""
    as_user(make, folder)
    as_user(uncountable, folder)
    as_user(removed, folder)


def test_an_honest_folder_is_counted(folder):
    """Files and folders, and the blocks they take."""
    (folder / "notes").mkdir()
    (folder / "notes" / "a.txt").write_bytes(bytes(8192))
    files, size = scratch.content(folder, 100)
    assert files == 3
    assert size >= 8192
