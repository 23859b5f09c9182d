"""Attacks that read what is not theirs: solutions, the seed, other submissions, secrets of other processes."""

import contextlib
import ctypes
import os
import re
import sqlite3
import struct
from pathlib import Path

from autograders.doctor.attack import Targets, attack
from autograders.doctor.attacks.syscalls import call

SEED = ".stateless_seed"


@attack()
def solution(targets: Targets) -> str:
    """Opens a solution by its path."""
    return Path(targets.folder, "solutions", "counter.py").read_text()


@attack()
def seed(targets: Targets) -> str:
    """Opens the course's secret seed."""
    return Path(targets.folder, SEED).read_text()


@attack()
def other_submission(targets: Targets) -> str:
    """Opens what somebody else handed in."""
    return Path(targets.folder, "submitted", "bo", "counter.ipynb").read_text()


@attack()
def gradebook(targets: Targets) -> str:
    """Asks the gradebook for everybody's points."""
    return sqlite3.connect(Path(targets.folder, "gradebook.db")).execute("SELECT * FROM grade").fetchall()


@attack()
def folder(targets: Targets) -> list[str]:
    """Lists the instructor's folder."""
    return os.listdir(targets.folder)


@attack(needs="namespaces")
def metadata(targets: Targets) -> str:
    """Asks for size and age of a file whose path it knows."""
    return f"{os.stat(Path(targets.folder, SEED)).st_size} bytes"


@attack()
def watches(targets: Targets) -> str:
    """Has the kernel tell when a file of the instructor's is opened."""
    return f"watch {call('inotify_init1', 0)}"


@attack()
def password_file(targets: Targets) -> str:
    """Opens the list of users."""
    return f"{len(Path('/etc/passwd').read_bytes())} bytes"


@attack()
def home(targets: Targets) -> str:
    """Lists the grader's home."""
    return f"{len(os.listdir(targets.home))} files"


@attack(bare="")
def own_environment(targets: Targets) -> str:
    """Looks for the grader's secrets in its own environment."""
    return " ".join(value for value in os.environ.values() if targets.prefix in value)


@attack()
def environment_of_others(targets: Targets) -> str:
    """Reads the environment of another process."""
    return _secret(Path(f"/proc/{targets.victim}/environ").read_bytes(), targets)


@attack()
def command_line_of_others(targets: Targets) -> str:
    """Reads the command line of another process."""
    return _secret(Path(f"/proc/{targets.victim}/cmdline").read_bytes(), targets)


@attack()
def memory_of_others(targets: Targets) -> str:
    """Opens the memory of another process as a file."""
    with open(f"/proc/{targets.victim}/mem", "rb", buffering=0) as memory:
        memory.seek(targets.address)
        return _secret(memory.read(64), targets)


@attack()
def memory_by_system_call(targets: Targets) -> str:
    """Copies the memory of another process by process_vm_readv."""
    buffer = ctypes.create_string_buffer(64)
    here, there = (
        ctypes.create_string_buffer(struct.pack("PN", a, 64)) for a in (ctypes.addressof(buffer), targets.address)
    )
    call("process_vm_readv", targets.victim, here, 1, there, 1, 0)
    return _secret(buffer.raw, targets)


@attack(bare="")
def memory_of_the_zygote(targets: Targets) -> str:
    """Searches its own memory, which it has from the zygote, for secrets of the grader."""
    for line in Path("/proc/self/maps").read_text().split("\n"):
        found = re.match(r"(\w+)-(\w+) rw", line)
        if not found:
            continue
        start, end = (int(place, 16) for place in found.groups())
        for place in range(start, end, 2**24):
            if secret := _secret(ctypes.string_at(place, min(2**24, end - place)), targets):
                return secret
    return ""


@attack()
def symlink(targets: Targets) -> str:
    """Reads through a symbolic link that it made among its own files."""
    os.symlink(Path(targets.folder, SEED), "linked")
    return Path("linked").read_text()


@attack()
def hard_link(targets: Targets) -> str:
    """Makes a file of the instructor's one of its own."""
    os.link(Path(targets.folder, SEED), "own")
    return Path("own").read_text()


@attack()
def root_of_another_process(targets: Targets) -> str:
    """Goes through /proc to the file system as the zygote sees it."""
    return Path(f"/proc/{os.getppid()}/root{targets.folder}", SEED).read_text()


@attack(bare="")
def inherited_descriptors(targets: Targets) -> str:
    """Looks for a file or folder that was left open."""
    for number in range(3, 256):
        with contextlib.suppress(OSError):
            return os.pread(number, 64, 0) or "an open file"
        with contextlib.suppress(OSError):
            return os.listdir(number)
    return ""


@attack(bare="root")
def file_by_handle(targets: Targets) -> str:
    """Opens a file by the kernel's handle for it, past its path."""
    handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
    mount = ctypes.create_string_buffer(4)
    call("name_to_handle_at", -100, os.fsencode(Path(targets.folder, SEED)), handle, mount, 0)
    inside = os.open(targets.folder, os.O_RDONLY)
    return os.read(call("open_by_handle_at", inside, handle, os.O_RDONLY), 64)


@attack()
def mounts_by_a_new_call(targets: Targets) -> str:
    """Lists the machine's mounts by listmount, a system call that older libraries cannot name."""
    request = ctypes.create_string_buffer(struct.pack("IIQQ", 24, 0, 2**64 - 1, 0))
    return f"{call(458, request, ctypes.create_string_buffer(8 * 64), 64, 0)} mounts"


def _secret(content: bytes, targets: Targets) -> str:
    found = re.search(re.escape(targets.prefix[:-1]).encode() + rb"-[0-9a-f]{32}", content)
    return found.group().decode() if found else ""
