"""Arrays as they travel, and as the judge computes with them: checked on the way in, cast on the way out."""

import math
from typing import Any

import ml_dtypes
import numpy as np

from autograders.checks.failure import Failure
from autograders.learner.messages import Array, Leaf, Opaque, Scalar, Spec

ALLOWED_DTYPES = {
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "bfloat16", "float32", "float64"),
}


MAX_ELEMENTS, MAX_AXES = 2**26, 16


def decode(a: Array) -> np.ndarray:
    """A checked array; raises Failure for dtypes and sizes that are not what they claim to be.

    One without data, as programs are described by, has zeros that take no memory.
    """
    key = a.dtype.startswith("key<")
    if not key and a.dtype not in ALLOWED_DTYPES:
        raise Failure(f"an array of dtype {a.dtype[:30]} came back, which the exercise has no use for.")
    dtype = np.dtype(np.uint32 if key else ml_dtypes.bfloat16 if a.dtype == "bfloat16" else a.dtype)
    whole = (*a.shape, 2) if key else a.shape
    elements = math.prod(whole)
    if len(whole) > MAX_AXES or min(whole, default=0) < 0 or elements > MAX_ELEMENTS:
        raise Failure(f"an array of shape {a.shape} came back, which is larger than anything that was asked for.")
    if len(a.data) not in (0, dtype.itemsize * elements):
        raise Failure("an array came back whose size does not fit its shape.")
    zero = np.zeros((), dtype)
    return np.frombuffer(a.data, dtype).reshape(whole) if a.data or not elements else np.broadcast_to(zero, whole)


def is_number(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray) and (leaf.dtype.kind in "biuf" or leaf.dtype == ml_dtypes.bfloat16)


def leaf_from_wire(leaf: Leaf) -> Any:
    if isinstance(leaf, Array):
        return decode(leaf)
    if isinstance(leaf, Scalar) and not isinstance(leaf.value, (str, type(None))):
        return np.asarray(leaf.value)
    if isinstance(leaf, Opaque):
        return leaf
    return Opaque("None" if leaf.value is None else "str")


def encode(x: Any, dtype: str) -> Array:
    if dtype.startswith("key<"):
        return Array(dtype, x.shape[:-1], np.asarray(x, np.uint32).tobytes())
    if not is_number(x):
        raise Failure(f"a {getattr(x, 'kind', type(x).__name__)} stands in the state, which jit cannot take.")
    x = np.asarray(x)
    kind = np.dtype(ml_dtypes.bfloat16) if dtype == "bfloat16" else np.dtype(dtype)
    return Array(dtype, x.shape, x.astype(kind).tobytes())


def shape(spec: Spec) -> tuple[int, ...]:
    return (*spec.shape, 2) if spec.dtype.startswith("key<") else spec.shape
