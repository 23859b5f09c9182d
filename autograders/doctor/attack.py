"""What an attack is: code that a hostile submission could hold, and what must become of it.

Each is harmless even where it gets through: it touches canaries of ours only (`arena.py`), and takes a capped amount.
What it gained, if anything, is what its function returns. It is carried out in a confined process, by `strike`.
"""

import dataclasses
import importlib
import re
from collections.abc import Callable

import msgspec

FAMILIES = ("forge", "read", "write", "reach", "exhaust", "outlive")
MODULES = ("forge_answers", "forge_patches", "forge_replies", "forge_programs", *FAMILIES[1:])
GAINED, REFUSED = "gained", "refused"
BOUNDS = {
    "time": r"^time$|took more than|did not come to an end",
    "memory": r"MiB of memory|MemoryError|XlaRuntimeError|JaxRuntimeError",
    "address space": r"MemoryError|OSError",
    "processor": r"of processor time|^time$|took more than",
    "file size": r"OSError|SIGXFSZ",
    "disk": r"its files grew to|OSError",
    "files": r"made more than .* files|cannot be counted|OSError",
    "open files": r"OSError",
    "threads": r"RuntimeError|started more than .* threads",
    "crash": r"SIGSEGV|SIGABRT|RecursionError|MemoryError|the process ended",
}


class Targets(msgspec.Struct, frozen=True):
    """What an attack is told: where our canaries are. `token` stands in the name of all that it leaves behind."""

    token: str
    prefix: str  # every secret starts with it
    folder: str  # an instructor's, with a solution, a seed, a gradebook and a submission in it
    home: str
    tcp: int
    udp: int
    unix: str  # a datagram socket's path
    abstract: str
    victim: int  # a process of ours, by number
    address: int  # of a secret in its memory
    cache: str  # compiled programs
    public: tuple[float, ...]  # what a self-check would ask `double` about
    patience: float = 0.0  # seconds for which an attack goes on that its limit must end


@dataclasses.dataclass(frozen=True)
class Attack:
    """One attempt. `bound` names the limit that ends it; without one it must be refused.

    `bare` says whose attempt succeeds where nothing confines it: "user", "root" or nobody's ("").
    `needs` names the wall that stops it for sure: without that one it may be open. One that is made `alone` could change what others in its process meet.
    """

    run: Callable
    bound: str
    bare: str
    needs: str
    alone: bool

    @property
    def module(self) -> str:
        return self.run.__module__.rpartition(".")[2]

    @property
    def family(self) -> str:
        return self.module.partition("_")[0]

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def says(self) -> str:
        return self.run.__doc__

    @property
    def shares(self) -> bool:
        """Whether it leaves its process as it was when it is refused."""
        return not (self.alone or self.bound or self.family in ("forge", "exhaust"))

    def cell(self, targets: Targets) -> str:
        """The submission's cell that carries it out."""
        told = msgspec.json.encode(targets).decode()
        return (
            "from autograders.doctor.attack import strike\n"
            f"globals().update(strike({self.module!r}, {self.name!r}, {told!r}) or {{}})"
        )

    def ended_by(self, error: str) -> bool:
        """Whether the limit that must bound it is what ended it."""
        return bool(self.bound and re.search(BOUNDS[self.bound], error))


ATTACKS: list[Attack] = []


def attack(bound: str = "", bare: str = "user", needs: str = "", alone: bool = False) -> Callable:
    """Marks a function of a family's module as an attack."""

    def mark(run: Callable) -> Callable:
        ATTACKS.append(Attack(run, bound, bare, needs, alone))
        return run

    return mark


def all_attacks() -> list[Attack]:
    """Every attack of every family, in order."""
    for module in MODULES:
        importlib.import_module(f"autograders.doctor.attacks.{module}")
    return sorted(ATTACKS, key=lambda a: MODULES.index(a.module))


def strike(module: str, name: str, told: str) -> dict | None:
    """Carry an attack out here, and print what it gained or why it was refused; definitions of a forgery are returned."""
    targets = msgspec.json.decode(told, type=Targets)
    try:
        gained = getattr(importlib.import_module(f"autograders.doctor.attacks.{module}"), name)(targets)
    except Exception as error:
        print(f"{targets.token} {REFUSED} {type(error).__name__}: {error}"[:200], flush=True)
        return None
    if module.startswith("forge"):
        return gained
    if gained:
        print(f"{targets.token} {GAINED} {gained}"[:200], flush=True)
    return None
