"""Fewer MLIR contexts: JAX makes one for each program it lowers, which takes longer than lowering a single operation."""

import threading

from jax._src.interpreters import mlir

PROGRAMS = 64  # lowered in one context, which keeps all their constants


class Contexts(threading.local):
    """The context of this thread, and for how many more programs it serves."""

    context, left = None, 0


def share() -> None:
    """From here on, JAX lowers many programs in one context."""
    held, make = Contexts(), mlir.make_ir_context

    def make_ir_context() -> mlir.ir.Context:
        if held.left == 0:
            held.context, held.left = make(), PROGRAMS
            held.context.enable_multithreading(False)  # its threads would not be there in a fork
        held.left -= 1
        return held.context

    mlir.make_ir_context = make_ir_context
