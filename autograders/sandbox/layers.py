"""Hardening of a forked process that is about to run a learner's code.

JAX on CPU needs threads, but no child processes, sockets or writable files. So after the fork, and before any code of
a learner's: limits on memory, CPU and files; no new privileges; Landlock (reads from the interpreter and its packages,
writes to the scratch folder only); seccomp (no fork, exec, sockets, memfd, no reach into other processes). Nothing of
this can be undone from inside. Each layer that the system lacks is left out and not listed.
"""

import contextlib
import ctypes
import os
import resource
import signal
import socket
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path

from autograders.sandbox.limits import Limits

FOLDERS = ("/usr", "/lib", "/lib64", "/lib32", "/etc/fonts", "/proc/self", "/sys/devices")
FILES = ("/etc/ld.so.cache", "/etc/localtime", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
CLONE_THREAD = 0x10000
MASK32 = 0xFFFFFFFF  # the kernel reads 32 bits of these arguments, seccomp compares 64
REFUSED = [
    "fork",
    "vfork",
    "execve",
    "execveat",
    "socket",
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "memfd_create",
    "memfd_secret",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_open",
    "pidfd_getfd",
    "pidfd_send_signal",
    "kill",
    "tkill",
    "process_mrelease",
    "process_madvise",
    "kcmp",
    "migrate_pages",
    "move_pages",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "keyctl",
    "add_key",
    "request_key",
    "mount",
    "mount_setattr",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "open_tree",
    "move_mount",
    "umount2",
    "pivot_root",
    "chroot",
    "unshare",
    "setns",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "quotactl",
    "open_by_handle_at",
    "name_to_handle_at",
    "inotify_init",
    "inotify_init1",
    "fanotify_init",
    "shmget",
    "msgget",
    "semget",
    "mq_open",
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setgroups",
    "capset",
    "personality",
    "setpriority",
    "ioprio_set",
    "sched_setaffinity",
    "sched_setattr",
    "sched_setparam",
    "sched_setscheduler",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "sethostname",
    "setdomainname",
    "syslog",
    "mknod",
    "mknodat",
    "truncate",
]
PRETENDED = [
    "chmod",
    "fchmod",
    "fchmodat",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "utime",
    "utimes",
    "utimensat",
    "futimesat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
]
FCNTL_SIGNALS = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX: they make the kernel signal another process
IOCTLS = (0x8901, 0x8902, 0x5452)  # FIOSETOWN, SIOCSPGRP, FIOASYNC: they do the same
IOCTLS += (0x40086602, 0x401C5820, 0x5412)  # FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR: chattr; TIOCSTI: typing
NEWER = range(452, 512)  # calls that libseccomp cannot name yet: fchmodat2, listmount, setxattrat
CAPABILITIES_3 = 0x20080522  # the version of capset's argument


def harden(limits: Limits, writable: list[Path], readable: list[Path], walls: Sequence[str]) -> list[str]:
    """Confine this process for good and name the layers that hold, weakest first; of Linux's, those in `walls` are tried.

    It may write to the folders `writable`, and read those, `readable`, and the interpreter with its packages.
    """
    layers = ["process", *_rlimits(limits)]
    if not sys.platform.startswith("linux"):
        return layers
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:  # root's files stay root's, but nothing else that root may do is left
        libc.capset((ctypes.c_uint32 * 2)(CAPABILITIES_3, 0), (ctypes.c_uint32 * 6)())
    for option, value in ((PR_SET_PDEATHSIG, signal.SIGKILL), (PR_SET_DUMPABLE, 0), (PR_SET_NO_NEW_PRIVS, 1)):
        libc.prctl(option, value, 0, 0, 0)
    for name, apply in (("landlock", lambda: _landlock(writable, readable)), ("seccomp", _seccomp)):
        if name in walls and _holds(apply):
            layers.append(name)
    return layers


def _holds(apply: Callable[[], None]) -> bool:
    try:
        apply()
    except Exception:  # an older kernel, a missing library: the layer is not listed, and callers decide
        return False
    return True


def _rlimits(limits: Limits) -> list[str]:
    wanted = {
        resource.RLIMIT_NPROC: limits.threads * max(1, (os.cpu_count() or 1) // 2) + _others(),  # others start too
        resource.RLIMIT_AS: limits.address_space,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
    }
    for which, value in wanted.items():
        with contextlib.suppress(ValueError, OSError):  # macOS refuses RLIMIT_AS
            resource.setrlimit(which, (value, value))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 5))  # SIGXCPU says why, SIGKILL follows
    return ["rlimits"]


def _others() -> int:
    """Threads of all processes of this user that can be seen: RLIMIT_NPROC counts them too."""
    mine, count = os.getuid(), 0
    for task in Path("/proc").glob("[0-9]*/task"):
        with contextlib.suppress(OSError):
            count += len(os.listdir(task)) if task.stat().st_uid == mine else 0
    return count


def _landlock(writable: list[Path], readable: list[Path]) -> None:
    from py_landlock import AccessFs, Landlock

    ruleset = Landlock(strict=False)
    package = Path(__file__).resolve().parents[1]
    interpreter = {
        sys.prefix,
        sys.base_prefix,
        sysconfig.get_path("purelib"),
        sysconfig.get_path("platlib"),
        str(package),
    }
    folders = [p for p in (*FOLDERS, *interpreter) if os.path.isdir(p)]
    ruleset.allow_read(*folders, *readable).allow_execute(*folders)
    ruleset.add_path_rule(*[p for p in FILES if os.path.exists(p)], access=AccessFs.READ_FILE)
    ruleset.add_path_rule(*[p for p in DEVICES if os.path.exists(p)], access=AccessFs.READ_FILE | AccessFs.WRITE_FILE)
    for folder in writable:
        ruleset.allow_read_write(folder)
        ruleset.add_path_rule(folder, access=AccessFs.REFER)
    ruleset.apply()


def _seccomp() -> None:
    import errno

    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    no, absent, done = (seccomp.ERRNO(code) for code in (errno.EPERM, errno.ENOSYS, 0))

    def refuse(action: int, name: str | int, *conditions: object) -> None:
        with contextlib.suppress(Exception):  # this architecture or library does not know the call
            rules.add_rule(action, name, *conditions)

    for name in REFUSED:
        refuse(no, name)
    for name in PRETENDED:
        refuse(done, name)
    for name in ("clone3", "openat2", *NEWER):
        refuse(absent, name)
    refuse(no, "tgkill", seccomp.Arg(0, seccomp.NE, os.getpid()))
    # Whoever is killed was killed by others: a submission cannot make that look like a fault of the machine.
    refuse(no, "tgkill", seccomp.Arg(2, seccomp.MASKED_EQ, MASK32, signal.SIGKILL))
    for kind in (socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):  # one end could be sent to any socket that has a name
        refuse(no, "socketpair", seccomp.Arg(1, seccomp.MASKED_EQ, 0xF, kind))
    refuse(no, "socketpair", seccomp.Arg(0, seccomp.NE, socket.AF_UNIX))
    for request in IOCTLS:
        refuse(no, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, MASK32, request))
    refuse(no, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_THREAD, 0))
    refuse(no, "prlimit64", seccomp.Arg(0, seccomp.NE, 0))
    refuse(no, "prctl", seccomp.Arg(0, seccomp.MASKED_EQ, MASK32, PR_SET_PDEATHSIG))
    for command in FCNTL_SIGNALS:
        refuse(no, "fcntl", seccomp.Arg(1, seccomp.MASKED_EQ, MASK32, command))
    rules.load()
