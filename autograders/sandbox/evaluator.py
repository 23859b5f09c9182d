"""Runs exported programs on inputs; sees no answers, and runs no Python of a learner's.

A hostile program can crash the loader or run for ever, so when grading this serves in a confined process of its own.
In a learner's own kernel `evaluate` is called directly.
"""

import ctypes
import functools
import importlib
import re
import socket
from collections.abc import Callable

import jax
import msgspec
from jax import export
from jax._src import compilation_cache
from jax._src.lib import xla_client

from autograders.learner.answering import used
from autograders.learner.messages import Compile, Compiled, Connection, Evaluate, Evaluated, Usage, Used
from autograders.learner.values import array_from_wire, array_to_wire
from autograders.sandbox import interpreter

ALLOWED_CALLS = re.compile(
    r"lapack_\w+_ffi|Sharding|SPMDFullToShardShape|SPMDShardToFullShape|cu_threefry2x32_ffi|topk|annotate_device_placement|mhlo\.\w+"
)
REFUSED_OPERATIONS = re.compile(r"stablehlo\.(infeed|outfeed|send|recv)\b")
PROGRAMS = 64  # that are kept; a submission brings some twenty, and few come again much later

# jax >= 0.8 names it jax.enable_x64, before that jax.experimental. Drop the second when we require 0.8.
wide_types = jax.enable_x64 if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental").enable_x64


def evaluate(request: Evaluate) -> Evaluated:
    """Run a program once, or step by step with outputs fed back. Raises ValueError for one that is not admitted."""
    exported, run = _load(request.program)
    with wide_types(any(aval.dtype.itemsize == 8 for aval in (*exported.in_avals, *exported.out_avals))):
        return _steps(request, run)


def _steps(request: Evaluate, run: Callable) -> Evaluated:
    inputs = [array_from_wire(a) for a in request.inputs]
    fed = {out for out, _ in request.feedback}
    history = []
    for _ in range(request.steps):
        outputs = run(*inputs)
        for out, into in request.feedback:
            inputs[into] = outputs[out]
        if request.steps > 1:
            history.append([o for i, o in enumerate(outputs) if i not in fed])
    return Evaluated(
        tuple(array_to_wire(o) for o in outputs),
        tuple(tuple(array_to_wire(o) for o in step) for step in history),
    )


def evaluate_here(request: Evaluate) -> Evaluated | str:
    """`evaluate`, with what goes wrong as a text."""
    try:
        return evaluate(request)
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:500]}"


@functools.lru_cache(PROGRAMS)
def _load(program: bytes) -> tuple[export.Exported, Callable]:
    exported = export.deserialize(bytearray(program))
    text = exported.mlir_module()
    _admit(text)
    return exported, interpreter.runner(exported, text)


def _admit(text: str) -> None:
    """Refuses calls out of the program: callbacks into Python crash or run code in the process that loads them."""
    for call in re.findall(r"custom_call @\"?([\w.]+)", text):
        if not ALLOWED_CALLS.fullmatch(call):
            raise ValueError(f"the program calls {call}, which a pure function does not need")
    found = REFUSED_OPERATIONS.search(text)
    if found:
        raise ValueError(f"the program uses {found.group()}, which a pure function does not need")


def compile_here(request: Compile) -> Compiled:
    """Compile a program for another process on this machine, without running it."""
    device = jax.devices()[0]
    options = xla_client.CompileOptions.ParseFromString(request.options)
    try:
        if hasattr(device.client, "compile_and_load"):
            made = device.client.compile_and_load(request.module, xla_client.DeviceList((device,)), options)
        else:
            made = device.client.compile(request.module, options)
    except Exception:  # the process that asked compiles it itself, and is told what is wrong with it
        return Compiled(b"")
    kept = compilation_cache.combine_executable_and_time(device.client.serialize_executable(made), 1)
    return Compiled(compilation_cache.compress_executable(kept))


def answer(request: Evaluate | Compile | Usage) -> Evaluated | Compiled | Used | str:
    """One request's reply."""
    if isinstance(request, Evaluate):
        return evaluate_here(request)
    if isinstance(request, Compile):
        return compile_here(request)
    _give_back()
    return used()


def _give_back() -> None:
    """Hand free memory to the system: what is kept of programs lies between what compiling them took, and holds that, too."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
    if trim:
        trim(0)


def serve(stream: socket.socket) -> None:
    """Answer numbered requests in order; ends when the judge closes the socket."""
    connection = Connection(stream)
    while True:
        try:
            numbered = connection.receive()
        except EOFError:
            return
        request = msgspec.msgpack.decode(numbered.body, type=Evaluate | Compile | Usage)
        connection.send(numbered.number, msgspec.msgpack.encode(answer(request)))
