"""Attacks on the line to the judge: replies that are none, or too many, and processes that end before theirs."""

import contextlib
import os
import signal
import struct
import sys
import threading

from autograders.doctor.attack import Targets, attack
from autograders.learner import messages


def number(n: int) -> messages.Returned:
    """A reply that says: this is the number n."""
    return messages.Returned(messages.Described(0, "int", 0, False, ("",), (messages.Scalar(n),)))


@attack(bare="")
def exits(targets: Targets) -> None:
    """Ends its process with success."""
    os._exit(0)


@attack(bare="")
def exits_politely(targets: Targets) -> None:
    """Asks Python to end with success."""
    sys.exit(0)


@attack(bare="")
def exits_when_asked(targets: Targets) -> dict:
    """Ends its process with success when it is called."""
    return {"double": lambda x: os._exit(0), "Tally": lambda: sys.exit(0)}


@attack(bare="")
def killed(targets: Targets) -> dict:
    """Ends its process with a signal when it is called."""
    return {"double": lambda x: signal.raise_signal(signal.SIGKILL)}


@attack(bare="")
def every_descriptor(targets: Targets) -> None:
    """Writes nonsense to whatever is open."""
    for number in range(3, 256):
        with contextlib.suppress(OSError):
            os.write(number, os.urandom(64))


@attack(bare="")
def endless_length(targets: Targets) -> None:
    """Announces a reply of 4 GiB."""
    for number in range(3, 256):
        with contextlib.suppress(OSError):
            os.write(number, b"\xff" * 8)


@attack(bare="")
def long_reply(targets: Targets) -> dict:
    """Sends a reply larger than any may be."""
    import numpy as np

    return {"double": lambda x: np.zeros(20 * 2**20, np.float32), "answer": np.zeros(20 * 2**20, np.float32)}


@attack("time", bare="")
def half_a_reply(targets: Targets) -> None:
    """Announces a reply, and never finishes it."""
    messages.Connection.send = lambda self, number, body: self.stream.sendall(struct.pack("<I", 1000) + b"x")


@attack(bare="")
def closed_line(targets: Targets) -> None:
    """Closes the line to the judge."""
    os.closerange(3, 256)


@attack(bare="")
def malformed(targets: Targets) -> None:
    """Sends replies that are none."""
    real = messages.Connection.send
    messages.Connection.send = lambda self, number, body: real(self, number, b"\xc1" + body)


@attack(bare="")
def reply_to_another_question(targets: Targets) -> None:
    """Sends replies under numbers that it made up."""
    import msgspec

    real, body = messages.Connection.send, msgspec.msgpack.encode(number(1))
    messages.Connection.send = lambda self, number, _: [real(self, n, body) for n in (0, number + 1, number)]


@attack(bare="")
def too_many_replies(targets: Targets) -> None:
    """Sends each reply a hundred times."""
    real = messages.Connection.send
    messages.Connection.send = lambda self, number, body: [real(self, number, body) for _ in range(100)]


@attack(bare="")
def reply_from_a_thread(targets: Targets) -> None:
    """Keeps sending replies from a thread, whatever is asked."""
    import gc
    import time

    def send() -> None:
        lines = [o for o in gc.get_objects() if isinstance(o, messages.Connection)]
        for line in lines * 100:
            time.sleep(0.01)
            with contextlib.suppress(OSError):
                line.send(1, b"\xc0")

    threading.Thread(target=send, daemon=True).start()
