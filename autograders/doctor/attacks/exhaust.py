"""Attacks that take more than their share: an amount that a laptop has to spare, and for as long as patience lasts."""

import contextlib
import ctypes
import mmap
import os
import re
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable

from autograders.doctor.attack import Targets, attack

MIB = 2**20
TOO_MUCH = 500  # MiB; more than the limit under which attacks are made


def busy(seconds: float) -> str:
    """Keeps a processor busy."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return f"ran {seconds:g} s"


def held(taken: str, targets: Targets) -> str:
    """Waits with what was taken, so that whoever looks now and then can see it."""
    time.sleep(targets.patience)
    return taken


@attack("memory")
def memory_in_one_piece(targets: Targets) -> str:
    """Asks for too much memory at once, through NumPy."""
    import numpy as np

    block = np.ones(TOO_MUCH * MIB, np.uint8)
    return held(f"{block.nbytes} bytes", targets)


@attack("memory")
def memory_in_a_thousand_pieces(targets: Targets) -> str:
    """Asks for too much memory bit by bit."""
    pieces = [bytearray(MIB) for _ in range(TOO_MUCH)]
    return held(f"{len(pieces)} pieces", targets)


@attack("memory")
def memory_through_jax(targets: Targets) -> str:
    """Asks for too much memory through jnp."""
    import jax.numpy as jnp

    block = jnp.ones((TOO_MUCH // 4, MIB)).block_until_ready()
    return held(f"{block.nbytes} bytes", targets)


@attack("memory")
def shared_memory(targets: Targets) -> str:
    """Asks for memory that others could share, which some limits do not count."""
    block = mmap.mmap(-1, TOO_MUCH * MIB)
    for place in range(0, len(block), mmap.PAGESIZE):
        block[place] = 1
    return held(f"{len(block)} bytes", targets)


@attack("address space")
def addresses(targets: Targets) -> str:
    """Asks for more addresses than there is memory; none is used."""
    not_reserved = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000
    return f"{len(mmap.mmap(-1, 2**36, flags=not_reserved))} addresses"


@attack("threads")
def threads(targets: Targets) -> str:
    """Starts threads without end."""
    threading.stack_size(2**16)
    stop = threading.Event()
    try:
        for _ in range(600):
            threading.Thread(target=stop.wait, daemon=True).start()
        return held("600 threads", targets)
    finally:
        stop.set()


@attack("file size")
def one_large_file(targets: Targets) -> str:
    """Writes one file that is too large."""
    with open("large", "wb") as file:
        for _ in range(40):
            file.write(bytes(MIB))
    return "40 MiB"


@attack("disk")
def many_large_files(targets: Targets) -> str:
    """Fills the disk with files of the size that is allowed."""
    return _files(lambda n: open(f"large-{n}", "wb"), targets)


@attack("disk", needs="namespaces")
def deleted_files(targets: Targets) -> str:
    """Fills the disk with files that are deleted while they are open, so that nobody sees them."""

    def opened(n: int):
        file = open(f"gone-{n}", "wb")  # noqa: SIM115 (held open on purpose)
        os.unlink(f"gone-{n}")
        return file

    return _files(opened, targets)


def _files(opened: Callable, targets: Targets) -> str:
    kept = [opened(n) for n in range(40)]
    for file in kept:
        os.posix_fallocate(file.fileno(), 0, 4 * MIB)
    return held(f"{4 * len(kept)} MiB", targets)


@attack("files")
def many_files(targets: Targets) -> str:
    """Makes more files than the disk has names for."""
    for n in range(3000):
        open(f"file-{n}", "w").close()
    return held("3,000 files", targets)


@attack("files")
def deep_folders(targets: Targets) -> str:
    """Makes folders in folders, deeper than a program that walks them can follow."""
    for _ in range(3000):
        os.mkdir("f")
        os.chdir("f")
    return held("3,000 folders deep", targets)


@attack("files")
def locked_folders(targets: Targets) -> str:
    """Makes a folder that cannot be listed, and files in it that nobody can count."""
    os.mkdir("locked", 0o300)
    for n in range(3000):
        open(f"locked/file-{n}", "w").close()
    return held("3,000 files", targets)


@attack("open files")
def open_files(targets: Targets) -> str:
    """Opens pipes without end; each takes memory of the kernel's."""
    return f"{len([os.pipe() for _ in range(400)])} pipes"


@attack(bare="")
def printed(targets: Targets) -> None:
    """Prints 30 MB."""
    for _ in range(30):
        print("x" * 10**6)


@attack(bare="")
def printed_as_errors(targets: Targets) -> None:
    """Prints 30 MB on stderr."""
    for _ in range(30):
        print("x" * 10**6, file=sys.stderr)


@attack(bare="")
def shown(targets: Targets) -> None:
    """Shows 2,000 pictures."""
    from IPython.display import display

    for _ in range(2000):
        display({"text/html": "x" * 10_000}, raw=True)


@attack("crash", bare="")
def recursion(targets: Targets) -> None:
    """Calls itself until the stack is full."""
    sys.setrecursionlimit(10**9)

    def again() -> list:
        return [*map(lambda _: again(), [1])]

    again()


@attack("crash", bare="")
def crash(targets: Targets) -> None:
    """Reads where there is no memory."""
    ctypes.string_at(0)


@attack("time")
def loop(targets: Targets) -> str:
    """Loops for too long."""
    return busy(targets.patience)


@attack("time")
def loop_that_swallows(targets: Targets) -> str:
    """Loops, and swallows whatever stops it."""
    end = time.monotonic() + targets.patience
    while time.monotonic() < end:
        with contextlib.suppress(BaseException):
            busy(end - time.monotonic())
    return "looped"


@attack("time")
def loop_without_alarm(targets: Targets) -> str:
    """Switches the alarm off, and loops."""
    for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    return busy(targets.patience)


@attack("time")
def sleep(targets: Targets) -> str:
    """Sleeps for too long, which takes no processor."""
    return held("slept", targets)


@attack("time", bare="")
def stops_itself(targets: Targets) -> None:
    """Stops its own process, so that no alarm reaches it."""
    signal.raise_signal(signal.SIGSTOP)


@attack("time")
def regular_expression(targets: Targets) -> str:
    """Matches a pattern that takes twice as long with every letter."""
    letters, end = 18, time.monotonic() + targets.patience
    while time.monotonic() < end:
        re.match("(a+)+$", "a" * letters + "b")
        letters = min(letters + 1, 24)
    return f"{letters} letters"


@attack("time")
def large_number(targets: Targets) -> str:
    """Computes numbers of millions of digits, which nothing interrupts."""
    power, end = 10**6, time.monotonic() + targets.patience
    while time.monotonic() < end:
        power = min(2 * power, 10**8)
        pow(3, power)
    return f"{power} digits"


@attack("time", bare="")
def loop_in_xla(targets: Targets) -> str:
    """Loops inside a compiled program, which no alarm interrupts."""
    import jax
    import jax.numpy as jnp

    return jax.jit(lambda x: jax.lax.fori_loop(0, 10**9, lambda _, a: jnp.sin(a @ a), x))(jnp.eye(32)).sum()


@attack("processor")
def processor_on_threads(targets: Targets) -> str:
    """Lets several threads compute at once, to use more processor than time."""
    import hashlib

    end = time.monotonic() + targets.patience

    def compute() -> None:
        while time.monotonic() < end:
            hashlib.sha256(bytes(8 * MIB)).digest()

    running = [threading.Thread(target=compute) for _ in range(4)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_utime:.0f} s"
