"""Under which circumstances an exception arose: which object was asked, which library function was inside, what it was handed.

Class names and function names only, so that a judge can tell mistakes apart without reading any error text.
"""

import traceback
from pathlib import Path
from typing import Any

import jax
import numpy as np

from autograders.learner.values import storable

MAX_NAMES = 40
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


def handed_object(error: BaseException, trace: Any) -> tuple[str, ...]:
    """What a library was handed and could not use: Linen as a key, or JAX as a leaf that is neither array nor number.

    JAX is entered where the last frame of its own after another's begins.
    """
    if type(error).__name__ == "InvalidRngError":
        return _handed_as_key(trace)
    frames = [frame for frame, _ in traceback.walk_tb(trace)]
    entered = [f for before, f in zip([None, *frames], frames, strict=False) if _is_jax(f) and not _is_jax(before)]
    if not entered or not _is_jax(frames[-1]):
        return ()
    held = [entered[-1].f_locals.get(name) for name in ("args", "kwargs")]
    try:
        leaves = jax.tree.leaves(held)
    except Exception:  # a learner's own container may fail to come apart
        return ()
    return _classes(next((leaf for leaf in leaves if not isinstance(leaf, NUMBERS)), None))


def _handed_as_key(trace: Any) -> tuple[str, ...]:
    """What Linen was handed as random keys: a number, several keys in one array, or something else."""
    held = next((f.f_locals["rngs"] for f, _ in reversed(list(traceback.walk_tb(trace))) if "rngs" in f.f_locals), None)
    leaf = next(iter(held.values()), None) if isinstance(held, dict) else held
    if isinstance(leaf, jax.Array) and jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return ("keys",) if leaf.ndim else ()
    return _classes(leaf)


def _is_jax(frame: Any) -> bool:
    return frame is not None and frame.f_code.co_filename.startswith(JAX)


def _classes(x: Any) -> tuple[str, ...]:
    return () if x is None else tuple(storable(c.__name__) for c in type(x).__mro__ if c is not object)
