"""Under which circumstances an exception arose: which object was asked, which library function was inside, what it was handed.

Class names and function names only, so that a judge can tell mistakes apart without reading any error text.
"""

import dis
import traceback
import types
from pathlib import Path
from typing import Any

import jax
import numpy as np

from autograders.learner.values import storable

MAX_NAMES = 40
MAX_FRAMES = 5
WRAPPERS = "traceback_util.py"  # frames of JAX that only hand on
NUMBERS = (jax.Array, np.ndarray, np.generic, bool, int, float, complex, type(None))
JAX = str(Path(jax.__file__).parent)


def is_own(filename: str) -> bool:
    """Whether a frame is the learner's: cells are compiled under names that are no files."""
    return filename.startswith("<ipython-input") or "ipykernel_" in filename or filename == "<submission>"


def asked_object(error: BaseException, trace: Any) -> tuple[str, ...]:
    """The classes of the object that lacks an attribute; `self` comes first where its own method asked."""
    if not isinstance(error, AttributeError) or error.obj is None:
        return ()
    own = [frame for frame, _ in traceback.walk_tb(trace) if is_own(frame.f_code.co_filename)]
    by_itself = bool(own) and own[-1].f_locals.get("self") is error.obj
    return (*(["self"] if by_itself else []), *_classes(error.obj))


def inside(trace: Any) -> tuple[str, ...]:
    """The functions that stand between the learner's last line and the exception, outermost first."""
    codes = [frame.f_code for frame, _ in traceback.walk_tb(trace)]
    last = max((i for i, code in enumerate(codes) if is_own(code.co_filename)), default=-1)
    return tuple(storable(code.co_name) for code in codes[last + 1 :])[:MAX_NAMES]


def called(trace: Any) -> tuple[str, ...]:
    """What kinds of things the library functions held that the learner's line was in: `apply_gradients.grads=dict`."""
    frames = [frame for frame, _ in traceback.walk_tb(trace)]
    last = max((i for i, frame in enumerate(frames) if is_own(frame.f_code.co_filename)), default=-1)
    entered = [f for f in frames[last + 1 :] if not f.f_code.co_filename.endswith(WRAPPERS)] if last >= 0 else []
    held = [(f.f_code.co_name, name, value) for f in entered[:MAX_FRAMES] for name, value in f.f_locals.items()]
    return tuple(storable(f"{function}.{name}={_kind(value)}") for function, name, value in held)[:MAX_NAMES]


def doing(error: BaseException, trace: Any) -> str:
    """What the learner's own line was about to do: "unpack", "call", "ask init", or "use what was donated"."""
    while trace is not None and trace.tb_next is not None:
        if is_own(trace.tb_frame.f_code.co_filename) and _holds_deleted(trace.tb_frame):
            return "use what was donated"
        trace = trace.tb_next
    if trace is None or not is_own(trace.tb_frame.f_code.co_filename):
        return ""
    if isinstance(error, AttributeError):
        return storable(f"ask {error.name}")
    steps = dis.get_instructions(trace.tb_frame.f_code)
    name = next((step.opname for step in steps if step.offset == trace.tb_lasti), "")
    return next((kind for kind in ("unpack", "call") if name.startswith(kind.upper())), "")


def _holds_deleted(frame: Any) -> bool:
    try:
        leaves = jax.tree.leaves(list(frame.f_locals.values()))
    except Exception:  # a learner's own container may fail to come apart
        return False
    return any(isinstance(x, jax.Array) and not isinstance(x, jax.core.Tracer) and x.is_deleted() for x in leaves)


def _kind(x: Any) -> str:
    """A word for what something is: a number, an array, a function, a yes or no, or its class."""
    if isinstance(x, bool):
        return str(x)
    if isinstance(x, types.FunctionType):
        return "function"
    if isinstance(x, (jax.Array, np.ndarray, np.generic, int, float)):
        whole = not jax.dtypes.issubdtype(jax.dtypes.result_type(x), np.inexact)
        return ("whole " if whole else "") + ("array" if np.ndim(x) else "number")
    return type(x).__name__


def handed_object(error: BaseException, trace: Any) -> tuple[str, ...]:
    """What a library was handed and could not use: Linen as a key, or JAX as a leaf that is neither array nor number.

    The classes of the leaf come first, those of the argument that it was in follow.
    JAX is entered where the last frame of its own after another's begins.
    """
    if type(error).__name__ == "InvalidRngError":
        return _handed_as_key(trace)
    frames = [frame for frame, _ in traceback.walk_tb(trace)]
    entered = [f for before, f in zip([None, *frames], frames, strict=False) if is_jax(f) and not is_jax(before)]
    if not entered or not is_jax(frames[-1]):
        return ()
    held = [*(entered[-1].f_locals.get("args") or ()), *(entered[-1].f_locals.get("kwargs") or {}).values()]
    if "args" in entered[-1].f_locals and all(type(part).__module__.startswith("jax.") for part in held):
        return ("nothing",)  # but the function's own object
    try:
        strange = ((part, leaf) for part in held for leaf in jax.tree.leaves(part) if not isinstance(leaf, NUMBERS))
        part, leaf = next(strange, (None, None))
    except Exception:  # a learner's own container may fail to come apart
        return ()
    return _classes(leaf) + (() if part is leaf else _classes(part))


def _handed_as_key(trace: Any) -> tuple[str, ...]:
    """What Linen was handed as random keys: a number, several keys in one array, or something else."""
    held = next((f.f_locals["rngs"] for f, _ in reversed(list(traceback.walk_tb(trace))) if "rngs" in f.f_locals), None)
    leaf = next(iter(held.values()), None) if isinstance(held, dict) else held
    if isinstance(leaf, jax.Array) and jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return ("keys",) if leaf.ndim else ()
    return _classes(leaf)


def is_jax(frame: Any) -> bool:
    return frame is not None and frame.f_code.co_filename.startswith(JAX)


def _classes(x: Any) -> tuple[str, ...]:
    return () if x is None else tuple(storable(c.__name__) for c in type(x).__mro__ if c is not object)
