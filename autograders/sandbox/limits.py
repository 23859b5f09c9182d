"""What one submission may use."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Limits:
    """Bounds on a learner's process; times in seconds, sizes in bytes."""

    cell_s: float = 60.0  # one cell, inside its process; a solved notebook's slowest cell takes about 3
    request_s: float = 60.0  # one call or trace; the longest honest one trains for 20 epochs
    grace_s: float = 5.0  # how much later the judge stops waiting and kills
    submission_s: float = 300.0  # all cells and requests of one submission, wall clock
    cpu_s: int = 600  # RLIMIT_CPU of one process
    address_space: int = 12 * 2**30  # RLIMIT_AS; JAX on CPU maps 1.5 GiB for two cores, more with more
    file_size: int = 64 * 2**20  # RLIMIT_FSIZE
    open_files: int = 256  # RLIMIT_NOFILE
    crashes: int = 3  # cells that may end the process before the rest of the notebook is given up
