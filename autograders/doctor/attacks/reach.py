"""Attacks that reach out: to the network, to other processes, and to parts of the kernel that nobody here needs."""

import contextlib
import ctypes
import fcntl
import mmap
import os
import platform
import signal
import socket
import struct

from autograders.doctor.attack import Targets, attack
from autograders.doctor.attacks.syscalls import call

FIOSETOWN, FIOASYNC = 0x8901, 0x5452
X86 = platform.machine() == "x86_64"


@attack()
def tcp(targets: Targets) -> None:
    """Connects by TCP."""
    socket.create_connection(("127.0.0.1", targets.tcp), timeout=1)


@attack()
def udp(targets: Targets) -> None:
    """Sends a UDP packet."""
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"secret", ("127.0.0.1", targets.udp))


@attack()
def name_server(targets: Targets) -> None:
    """Asks a name server, with what it knows in the name."""
    header = struct.pack(">6H", 1, 256, 1, 0, 0, 0)
    question = b"\x06secret\x07invalid\x00" + struct.pack(">2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(("127.0.0.1", targets.udp))
        line.send(header + question)


@attack()
def unix_socket(targets: Targets) -> None:
    """Writes to a socket in the file system."""
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"secret", targets.unix)


@attack()
def abstract_socket(targets: Targets) -> None:
    """Writes to a socket that has a name but no file."""
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"secret", f"\0{targets.abstract}")


@attack()
def pair_to_unix_socket(targets: Targets) -> None:
    """Writes to a socket in the file system from one end of a socket pair, without asking for a socket."""
    socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"secret", targets.unix)


@attack()
def pair_to_abstract_socket(targets: Targets) -> None:
    """The same to a socket without a file."""
    socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"secret", f"\0{targets.abstract}")


@attack()
def odd_families(targets: Targets) -> list[int]:
    """Opens sockets of every family: netlink, packets, crypto, virtual machines, Bluetooth."""
    opened = []
    for family in range(1, 46):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            with contextlib.suppress(OSError), socket.socket(family, kind):
                opened.append(family)
    return sorted(set(opened))


@attack(bare="", alone=True)
def descriptors_to_the_judge(targets: Targets) -> None:
    """Hands the judge open files until it has no room for more."""
    for number in range(3, 64):
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(number)) as line:
            for _ in range(50):
                socket.send_fds(line, [b"\0"], [0, 1, 2])


@attack()
def kills(targets: Targets) -> None:
    """Ends another process of its user's."""
    os.kill(targets.victim, signal.SIGTERM)


@attack()
def kills_a_thread(targets: Targets) -> None:
    """The same by tgkill, which is meant for threads."""
    call("tgkill", targets.victim, targets.victim, int(signal.SIGTERM))


@attack()
def kills_by_descriptor(targets: Targets) -> None:
    """The same by a descriptor of the process."""
    signal.pidfd_send_signal(os.pidfd_open(targets.victim), signal.SIGTERM)


@attack()
def queues_a_signal(targets: Targets) -> None:
    """The same by rt_sigqueueinfo."""
    call("rt_sigqueueinfo", targets.victim, int(signal.SIGTERM), struct.pack("iii", 15, 0, -1) + bytes(116))


@attack()
def stops_everybody(targets: Targets) -> str:
    """Asks whether it could signal every process at once; sends nothing."""
    os.kill(-1, 0)
    return "allowed"


@attack()
def signals_by_a_file(targets: Targets) -> None:
    """Has the kernel signal another process when data comes, by fcntl."""
    here, there = socket.socketpair()
    fcntl.fcntl(here, fcntl.F_SETOWN, targets.victim)
    fcntl.fcntl(here, fcntl.F_SETFL, fcntl.fcntl(here, fcntl.F_GETFL) | os.O_ASYNC)
    there.send(b"x")


@attack()
def signals_by_ioctl(targets: Targets) -> None:
    """The same by ioctl."""
    here, there = socket.socketpair()
    fcntl.ioctl(here, FIOSETOWN, struct.pack("i", targets.victim))
    fcntl.ioctl(here, FIOASYNC, struct.pack("i", 1))
    there.send(b"x")


@attack()
def limits_of_others(targets: Targets) -> None:
    """Takes open files from another process, by prlimit."""
    import resource

    hard = resource.prlimit(targets.victim, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(targets.victim, resource.RLIMIT_NOFILE, (17, hard))


@attack()
def priority_of_others(targets: Targets) -> None:
    """Makes another process wait for everybody else, by setpriority."""
    os.setpriority(os.PRIO_PROCESS, targets.victim, 19)


@attack()
def scheduling_of_others(targets: Targets) -> None:
    """Makes another process run only when nobody else does, by sched_setscheduler."""
    os.sched_setscheduler(targets.victim, os.SCHED_IDLE, os.sched_param(0))


@attack()
def processors_of_others(targets: Targets) -> None:
    """Takes all processors but one from another process."""
    os.sched_setaffinity(targets.victim, {min(os.sched_getaffinity(targets.victim))})


@attack()
def disk_priority_of_others(targets: Targets) -> None:
    """Makes another process wait for the disk."""
    call("ioprio_set", 1, targets.victim, 3 << 13)


@attack()
def traces(targets: Targets) -> str:
    """Stops another process as a debugger would."""
    call("ptrace", 0x4206, targets.victim, 0, 0)  # PTRACE_SEIZE: it is not stopped
    return "attached"


@attack()
def takes_descriptors(targets: Targets) -> str:
    """Takes an open file out of another process."""
    return f"descriptor {call('pidfd_getfd', os.pidfd_open(targets.victim), 0, 0)}"


@attack()
def io_uring(targets: Targets) -> str:
    """Opens the queue by which the kernel reads, writes and connects past any filter of system calls."""
    return f"queue {call('io_uring_setup', 4, ctypes.create_string_buffer(120))}"


@attack()
def keyring(targets: Targets) -> str:
    """Reaches for keys that the kernel keeps for the user."""
    return f"keyring {call('keyctl', 0, -4, 1)}"


@attack(bare="root")
def new_namespaces(targets: Targets) -> str:
    """Makes itself an empty network of which it is the administrator."""
    call("unshare", 0x40000000)
    return "made"


@attack(bare="root")
def kernel_programs(targets: Targets) -> str:
    """Loads a table into the kernel."""
    return f"table {call('bpf', 0, struct.pack('5I', 2, 4, 4, 1, 0) + bytes(100), 120)}"


@attack()
def performance_counters(targets: Targets) -> str:
    """Counts what the processor does, which tells of others."""
    attributes = struct.pack("IIQQQQQ", 1, 112, 0, 0, 0, 0, 1 << 5 | 1 << 6) + bytes(64)
    return f"counter {call('perf_event_open', attributes, 0, -1, -1, 0)}"


@attack(bare="root")
def page_faults(targets: Targets) -> str:
    """Handles page faults of the kernel's, which is how races in it are won."""
    return f"handler {call('userfaultfd', 0)}"


@attack()
def runs_a_file_in_memory(targets: Targets) -> str:
    """Makes a file that exists in memory only, to run it."""
    return f"file {os.memfd_create('x')}"


@attack()
def survives_its_parent(targets: Targets) -> str:
    """Takes back that it dies with the zygote, with a number that only the kernel reads as that request."""
    call("prctl", 1 | 1 << 32, 0, 0, 0, 0)
    return "taken back"


@attack(bare="user" if X86 else "", alone=True)
def other_architecture(targets: Targets) -> str:
    """Calls the kernel by the numbers of another architecture, which a filter may not know."""
    if not X86:
        return ""
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20; int 0x80; ret
    entry = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    return f"process {entry()}"
