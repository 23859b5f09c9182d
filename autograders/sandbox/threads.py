"""Lets a process start JAX's backend and still be forked: of the threads that this starts, half start in the forks only.

Theory of operation. A fork has one thread, the one that forked. A backend's threads stand in pools, and a fork of a
process in which they had started would wait for ever for work that nobody does. But any thread of a pool does the work
of any other. So, while the backend starts, of every two calls of `pthread_create` one is only noted: the entry for that
function in the library's table of imports holds the address of a function of ours meanwhile. The process lives with the
other half, and each fork starts those that were noted, once it is confined. Who forks makes sure that the started ones
are asleep: then they hold no lock. Whether this works with the library at hand is tried on each machine
(`warmup.prove`); where it does not, every process starts a backend of its own.
"""

import contextlib
import ctypes
import mmap
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

RELOCATION = np.dtype([("offset", "<u8"), ("type", "<u4"), ("symbol", "<u4"), ("addend", "<i8")])  # Elf64_Rela
SYMBOL = np.dtype([("name", "<u4"), ("about", "<u4"), ("value", "<u8"), ("size", "<u8")])  # Elf64_Sym
SHT_RELA = 4
LITTLE_64 = b"\x7fELF\x02\x01"
READ_WRITE = mmap.PROT_READ | mmap.PROT_WRITE
TASKS = Path("/proc/self/task")
ASLEEP_S = 1.0  # the longest wait for threads to come to rest

Work = tuple[int, int]  # a function of C and its argument, as addresses
libc = ctypes.CDLL(None, use_errno=True)
libc.pthread_self.restype = ctypes.c_void_p
CREATE = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 4)


class Unsupported(RuntimeError):
    """This system's libraries are not of the kind that is understood here."""


@contextlib.contextmanager
def held_back(package: str) -> Iterator[list[Work]]:
    """The list fills with the work of every second thread that libraries of this package start inside the block.

    Raises Unsupported where no such library starts threads in the way that is known here.
    """
    noted: list[Work] = []
    calls = 0

    @CREATE
    def create(thread: int, attributes: int, function: int, argument: int) -> int:
        nonlocal calls
        calls += 1
        if calls % 2:
            return libc.pthread_create(*map(ctypes.c_void_p, (thread, attributes, function, argument)))
        noted.append((function, argument or 0))
        # Its maker may name it or ask for its end: this thread takes the one, and the other is refused to it.
        ctypes.c_void_p.from_address(thread).value = libc.pthread_self()
        return 0

    places = [base + offset for library, base in _loaded(package) for offset in _slots(library, b"pthread_create")]
    if not places:
        raise Unsupported(f"no library of {package} starts threads")
    before = {place: ctypes.c_void_p.from_address(place).value for place in places}
    try:
        _write(dict.fromkeys(places, ctypes.cast(create, ctypes.c_void_p).value))
        yield noted
    finally:
        _write(before)


def start(noted: list[Work]) -> None:
    """Start the threads that were held back, in this process."""
    for function, argument in noted:
        thread = ctypes.c_void_p()
        failed = libc.pthread_create(ctypes.byref(thread), None, ctypes.c_void_p(function), ctypes.c_void_p(argument))
        if failed:
            raise OSError(failed, os.strerror(failed))
        libc.pthread_detach(thread)


def count() -> int:
    """How many threads this process has."""
    return len(os.listdir(TASKS))


def asleep() -> bool:
    """Whether all threads but this one are asleep, now or soon."""
    deadline = time.monotonic() + ASLEEP_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):  # one that is ending
            states = [path.read_text().rpartition(")")[2].split()[0] for path in TASKS.glob("*/stat")]
            if states.count("S") == len(states) - 1:
                return True
        time.sleep(0.001)
    return False


def _loaded(package: str) -> Iterator[tuple[Path, int]]:
    """The libraries of a package that this process has loaded, and where each begins in memory."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, _, offset, _, _, *path = line.split(maxsplit=5)
        if path and f"/{package}/" in path[0] and int(offset, 16) == 0:
            yield Path(path[0]), int(span.split("-")[0], 16)


def _slots(library: Path, function: bytes) -> list[int]:
    """Where, seen from its begin, a library keeps the address of a function that it imports (ELF, 64 bits)."""
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content[:6] != LITTLE_64:
            raise Unsupported(f"{library} is not a library of this kind")
        (begin,) = struct.unpack_from("<Q", content, 0x28)
        size, number = struct.unpack_from("<HH", content, 0x3A)
        sections = [struct.unpack_from("<IIQQQQIIQQ", content, begin + i * size) for i in range(number)]
        found: list[int] = []
        for _, kind, _, _, offset, length, link, *_ in sections:
            if kind == SHT_RELA and link:
                _, _, _, _, table, table_length, names, *_ = sections[link]
                text = content[sections[names][4] : sections[names][4] + sections[names][5]]
                symbols = np.frombuffer(content[table : table + table_length], SYMBOL)
                name = text.find(b"\0" + function + b"\0") + 1
                wanted = np.flatnonzero(symbols["name"] == name) if name else []
                relocations = np.frombuffer(content[offset : offset + length], RELOCATION)
                found += relocations["offset"][np.isin(relocations["symbol"], wanted)].tolist()
        return found


def _write(values: dict[int, int | None]) -> None:
    """Put addresses in their places, which the loader may have made read-only."""
    for place, value in values.items():
        page = place // mmap.PAGESIZE * mmap.PAGESIZE
        if libc.mprotect(ctypes.c_void_p(page), mmap.PAGESIZE, READ_WRITE):
            raise Unsupported(os.strerror(ctypes.get_errno()))
        ctypes.c_void_p.from_address(place).value = value
