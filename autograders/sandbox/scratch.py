"""Folders that hostile code wrote into: counted and removed however deep, locked or large they are."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path


class Uncountable(Exception):
    """A folder that nobody honest makes: locked against being listed, or deeper than it can be followed."""


def content(folder: Path, most: int) -> tuple[int, int]:
    """Number and bytes of the files in a folder; counting ends where there are too many. Raises Uncountable."""
    files = size = 0
    try:
        for place, _, names in os.walk(folder, onerror=_unless_gone):
            files += 1 + len(names)
            if files > most:
                break
            for name in names:
                with contextlib.suppress(OSError):  # gone meanwhile
                    size += os.lstat(os.path.join(place, name)).st_blocks * 512
    except (OSError, RecursionError) as error:
        raise Uncountable from error
    return files, size


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
            subprocess.run([*command, "--", folder], capture_output=True, check=False)
