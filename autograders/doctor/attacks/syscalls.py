"""System calls by name or number, for attacks that Python has no function for."""

import ctypes
import os


def call(name: str | int, *arguments: int | bytes | ctypes.Array) -> int:
    """The kernel's answer; raises OSError where it refuses."""
    import pyseccomp

    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) if isinstance(name, str) else name
    given = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    answer = libc.syscall(ctypes.c_long(number), *given)
    if answer == -1:
        code = ctypes.get_errno()
        raise OSError(code, f"{os.strerror(code)} ({name})")
    return answer
