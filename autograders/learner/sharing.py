"""Lets JAX in a learner's process ask the grader for compiled programs before it compiles them itself.

Most of what submissions compile is the same for all: single operations on small arrays. The grader has each compiled
once, by the process that runs programs, and knows it by the program itself, never by a name that a learner's process
gives: whoever asks for a program can only get that program.
"""

import signal
import threading
import time
from typing import Any

import msgspec
from jax._src import compilation_cache
from jax._src.interpreters import mlir
from jax._src.lib.mlir import passmanager

from autograders.learner.messages import COMPILE, Compile, Compiled, Connection

UNLIKE = (b"callback", b"custom_call.api")  # programs that hold addresses in this process


class Sharing:
    """Stands in the place of JAX's cache of compiled programs: first the library's, then the grader's."""

    def __init__(self, connection: Connection, library: Any):
        self.connection, self.library, self.wanted = connection, library, ("", None, None)
        self.thread = threading.get_ident()

    def look(self, key: str, module: Any, options: Any) -> None:
        """Remember the program that JAX is about to ask for in the thread that talks with the grader."""
        if threading.get_ident() == self.thread:
            self.wanted = key, module, options

    def get(self, key: str) -> bytes | None:
        """A compiled program as JAX keeps it; None where it has to be compiled here."""
        found = self.library.get(key) if self.library else None
        if found is not None or threading.get_ident() != self.thread or self.wanted[0] != key:
            return found  # only one thread has a conversation with the grader
        _, module, options = self.wanted
        request = Compile(stripped(module), options.SerializeAsString())
        if any(mark in request.module for mark in UNLIKE):
            return None
        return self._ask(request)

    def put(self, key: str, value: bytes) -> None:
        """Nothing: what this process compiled is for itself."""

    def _ask(self, request: Compile) -> bytes | None:
        left, again = signal.setitimer(
            signal.ITIMER_REAL, 0
        )  # no time limit strikes between two halves of a conversation
        started = time.monotonic()
        try:
            self.connection.send(COMPILE, msgspec.msgpack.encode(request))
            reply = msgspec.msgpack.decode(self.connection.receive().body, type=Compiled)
        finally:
            if left:
                signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - started), 1e-3), again)
        return reply.executable or None


def stripped(module: Any) -> bytes:
    """A program without the places in the source that it came from, which differ from learner to learner."""
    with module.context:
        copy = module.operation.clone()
        passmanager.PassManager.parse("builtin.module(strip-debuginfo)").run(copy.operation)
        return mlir.module_to_bytecode(copy)


def share(connection: Connection) -> None:
    """From here on, ask for compiled programs over this connection."""
    sharing = Sharing(connection, None)
    key_of = compilation_cache.get_cache_key

    def get_cache_key(module: Any, devices: Any, options: Any, *others: Any, **named: Any) -> str:
        key = key_of(module, devices, options, *others, **named)
        sharing.look(key, module, options)
        return key

    def cache(backend: Any) -> Sharing:
        sharing.library = sharing.library or cache_of(backend)
        return sharing

    cache_of = compilation_cache._get_cache
    compilation_cache.get_cache_key, compilation_cache._get_cache = get_cache_key, cache
