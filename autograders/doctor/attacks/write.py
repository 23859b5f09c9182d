"""Attacks that change what is not theirs: files outside the scratch folder, installed packages, the compilation cache."""

import array
import contextlib
import fcntl
import os
import stat
from pathlib import Path

from autograders.doctor.attack import Targets, attack
from autograders.doctor.attacks.syscalls import call

AT_FDCWD = -100
GET_FLAGS, SET_FLAGS = 0x80086601, 0x40086602  # of ioctl, for chattr


def points(targets: Targets) -> Path:
    """A file of the instructor's."""
    return Path(targets.folder, "gradebook.db")


@attack()
def new_file(targets: Targets) -> None:
    """Makes a file in the instructor's folder."""
    Path(targets.folder, "new").write_text("x")


@attack()
def new_folder(targets: Targets) -> None:
    """Makes a folder in the instructor's."""
    Path(targets.folder, "new").mkdir()


@attack()
def overwrites(targets: Targets) -> None:
    """Overwrites the gradebook."""
    points(targets).write_text("10 points")


@attack()
def opens_to_empty(targets: Targets) -> None:
    """Empties the gradebook by opening it for reading, which truncates all the same."""
    os.open(points(targets), os.O_RDONLY | os.O_TRUNC)


@attack()
def truncates(targets: Targets) -> None:
    """Empties the gradebook by truncate."""
    os.truncate(points(targets), 0)


@attack()
def deletes(targets: Targets) -> None:
    """Deletes the gradebook."""
    points(targets).unlink()


@attack()
def renames_over(targets: Targets) -> None:
    """Moves a file of its own over the gradebook."""
    Path("mine").write_text("10 points")
    os.rename("mine", points(targets))


@attack()
def moves_away(targets: Targets) -> None:
    """Renames the gradebook."""
    os.rename(points(targets), Path(targets.folder, "lost"))


@attack()
def symlink(targets: Targets) -> None:
    """Leaves a symbolic link in the instructor's folder."""
    os.symlink("/etc/passwd", Path(targets.folder, "new"))


@attack()
def writes_through_symlink(targets: Targets) -> None:
    """Writes through a symbolic link among its own files."""
    os.symlink(points(targets), "linked")
    Path("linked").write_text("10 points")


@attack()
def hard_link(targets: Targets) -> None:
    """Leaves a second name of a file in the instructor's folder."""
    os.link(points(targets), Path(targets.folder, "new"))


@attack()
def permissions(targets: Targets) -> None:
    """Makes the gradebook everybody's."""
    os.chmod(points(targets), 0o777)


@attack()
def permissions_by_a_new_call(targets: Targets) -> None:
    """Makes the gradebook everybody's by fchmodat2, which older libraries cannot name."""
    call(452, AT_FDCWD, os.fsencode(points(targets)), 0o777, 0)


@attack()
def times(targets: Targets) -> None:
    """Gives the gradebook another age."""
    os.utime(points(targets), (0, 0))


@attack(bare="root")
def owner(targets: Targets) -> None:
    """Gives the gradebook away."""
    os.chown(points(targets), 12345, 12345)


@attack()
def attributes(targets: Targets) -> None:
    """Notes something beside the gradebook."""
    os.setxattr(points(targets), "user.forged", b"10")


@attack()
def attributes_by_another_call(targets: Targets) -> None:
    """Notes something beside the gradebook by lsetxattr."""
    call("lsetxattr", os.fsencode(points(targets)), b"user.forged", b"10", 2, 0)


@attack()
def flags_of_a_readable_file(targets: Targets) -> str:
    """Sets the flags of an installed file that it may read; to what they are."""
    flags = array.array("l", [0])
    with open(os.__file__, "rb") as installed:
        fcntl.ioctl(installed, GET_FLAGS, flags)
        fcntl.ioctl(installed, SET_FLAGS, flags)
    return "set"


@attack()
def installed_package(targets: Targets) -> str:
    """Opens NumPy's code for writing; nothing is written."""
    import numpy

    with open(numpy.__file__, "ab"):
        return "opened"


@attack()
def checks(targets: Targets) -> str:
    """Opens the code of a check for writing; nothing is written."""
    from autograders.doctor.bait import test_bait

    with open(test_bait.__file__, "ab"):
        return "opened"


@attack()
def compiled_programs(targets: Targets) -> str:
    """Adds a program to those that other learners' processes run."""
    Path(targets.cache, targets.token).write_text("x")


@attack()
def a_compiled_program(targets: Targets) -> str:
    """Opens a compiled program for writing; nothing is written."""
    with open(next(p for p in Path(targets.cache).iterdir() if p.is_file()), "ab"):
        return "opened"


@attack()
def temporary_folders(targets: Targets) -> str:
    """Leaves a file in each folder that anybody may write to."""
    made = []
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", os.path.dirname(os.getcwd())):
        with contextlib.suppress(OSError):
            Path(folder, targets.token).write_text("x")
            made.append(folder)
    return made


@attack()
def memory_of_the_zygote(targets: Targets) -> str:
    """Opens the memory of the process that the next learner is forked from, for writing; nothing is written."""
    with open(f"/proc/{os.getppid()}/mem", "r+b"):
        return "opened"


@attack()
def memory_by_system_call(targets: Targets) -> str:
    """Writes into the memory of another process by process_vm_writev; what is there already."""
    call("process_vm_writev", targets.victim, b"", 0, b"", 0, 0)
    return "allowed"


@attack(bare="root")
def device(targets: Targets) -> str:
    """Makes a device of the machine's among its own files, and opens it."""
    os.mknod("zero", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    with open("zero", "rb") as opened:
        return f"read {len(opened.read(8))} bytes"


@attack(bare="root")
def mounts(targets: Targets) -> str:
    """Prepares a file system of its own by the newer mount calls."""
    return f"file system {call('fsopen', b'tmpfs', 0)}"


@attack(bare="root")
def clock(targets: Targets) -> str:
    """Sets the machine's clock; to what it is."""
    import time

    time.clock_settime_ns(time.CLOCK_REALTIME, time.clock_gettime_ns(time.CLOCK_REALTIME))
    return "set"


@attack(bare="root")
def hostname(targets: Targets) -> str:
    """Renames the machine; to what it is called."""
    import socket

    socket.sethostname(socket.gethostname())
    return "set"


@attack(bare="")  # root may, except in machines and containers without CAP_SYS_RESOURCE
def limits(targets: Targets) -> str:
    """Raises its own limits."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 1))
    return "raised"
