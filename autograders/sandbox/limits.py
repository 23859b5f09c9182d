"""What one submission may use."""

import dataclasses
import os

MIB = 2**20


@dataclasses.dataclass(frozen=True)
class Limits:
    """Bounds on a learner's process; times in seconds, sizes in bytes."""

    cell_s: float = 60.0  # one cell, inside its process; a solved notebook's slowest cell takes about 3
    request_s: float = 60.0  # one call or trace; the longest honest one trains for 20 epochs
    grace_s: float = 5.0  # how much later the judge stops waiting and kills
    submission_s: float = 300.0  # all cells and requests of one submission, wall clock
    cpu_s: int = 600  # RLIMIT_CPU of one process
    memory: int = 3072 * MIB  # resident, looked at five times a second; honest answers stay below 700 MiB
    address_space: int = 6144 * MIB + 256 * MIB * (os.cpu_count() or 1)  # RLIMIT_AS; JAX maps 1.5 GiB on two cores
    file_size: int = 64 * MIB  # RLIMIT_FSIZE
    scratch: int = 256 * MIB  # all files of one process together
    files: int = 2000  # in the scratch folder
    open_files: int = 256  # RLIMIT_NOFILE
    threads: int = 512  # RLIMIT_NPROC, where the process has a user or a user namespace of its own
    crashes: int = 3  # cells that may end the process before the rest of the notebook is given up
