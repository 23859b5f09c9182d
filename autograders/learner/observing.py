"""Probes beside the learner's code: what it changed, printed and traced. Testimony, not proof: hostile code could lie."""

import contextlib
import copy
import functools
import inspect
import io
import types
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from autograders.learner.values import is_array, storable

MAX_PRINTED = 2000  # characters
TRACE_EVENT = "/jax/core/compile/jaxpr_trace_duration"  # fires once for each function that jax.jit traces


def fresh_copy(x: Any) -> Any:
    """The same pytree with new containers and new buffers, so that donation and in-place changes stay with the copy."""
    return jax.tree.map(_copy_leaf, x)


def _copy_leaf(leaf: Any) -> Any:
    try:
        if (
            isinstance(leaf, jax.Array)
            and not leaf.weak_type
            and not jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.extended)
        ):
            return jax.device_put(np.array(leaf))  # by way of NumPy nothing has to be compiled
        return leaf.copy() if isinstance(leaf, (jax.Array, np.ndarray)) else copy.deepcopy(leaf)
    except Exception:  # objects that cannot be copied are handed over as they are
        return leaf


def changed_places(before: Any, after: Any, name: str) -> list[str]:
    """Where `after` differs from `before`; donated buffers count as unchanged."""
    old, structure = jax.tree_util.tree_flatten_with_path(before)
    new, new_structure = jax.tree_util.tree_flatten_with_path(after)
    if structure != new_structure:
        return [name]
    return [
        name + jax.tree_util.keystr(path)
        for (path, a), (_, b) in zip(old, new, strict=True)
        if not (is_array(b) and getattr(b, "is_deleted", bool)()) and not _same_leaf(a, b)
    ]


def _same_leaf(a: Any, b: Any) -> bool:
    if is_array(a) and is_array(b):
        if isinstance(a, jax.Array) and jax.dtypes.issubdtype(a.dtype, jax.dtypes.prng_key):
            a, b = jax.random.key_data(a), jax.random.key_data(b)
        return np.asarray(a).tobytes() == np.asarray(b).tobytes()
    return type(a) is type(b) and (not isinstance(a, (bool, int, float, str)) or a == b)


def snapshot(x: Any, path: str, depth: int = 5) -> dict[str, Any]:
    """Fingerprints of everything that code could write to below `x`: numbers, containers, attributes, defaults, closures."""
    if is_array(x):
        deleted = getattr(x, "is_deleted", bool)()
        return {path: "deleted" if deleted else (str(x.dtype), _bytes(x))}
    if isinstance(x, (bool, int, float, complex, str, bytes, type(None))):
        return {path: (type(x).__name__, x)}
    parts = _parts(x, path) if depth else []
    found = {path: (type(x).__name__, len(parts) if isinstance(x, (list, dict, set, tuple)) else id(x))}
    for place, part in parts:
        found |= snapshot(part, place, depth - 1)
    return found


def _bytes(x: Any) -> bytes:
    if isinstance(x, jax.Array) and jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key):
        x = jax.random.key_data(x)
    return np.asarray(x).tobytes()


def _parts(x: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(x, dict):
        return [(f"{path}[{key!r}]", part) for key, part in list(x.items())[:200] if isinstance(key, (str, int))]
    if isinstance(x, (list, tuple)):
        return [(f"{path}[{i}]", part) for i, part in enumerate(x[:200])]
    if isinstance(x, (set, frozenset)):
        return [(path, tuple(sorted(map(repr, x))))]
    if isinstance(x, types.MethodType):
        return _parts(x.__self__, path)
    if isinstance(x, types.FunctionType):
        closed = inspect.getclosurevars(x).nonlocals if x.__closure__ else {}
        return [
            (f"the default arguments of {x.__name__}", x.__defaults__),
            (f"the keyword defaults of {x.__name__}", x.__kwdefaults__),
            *[(f"{x.__name__}.{key}", part) for key, part in vars(x).items()],
            *[(f"{key}, which {x.__name__} closes over", part) for key, part in closed.items()],
        ]
    if getattr(type(x), "__module__", "") == "__main__" or getattr(x, "__module__", "") == "__main__":
        attributes = vars(x) if hasattr(x, "__dict__") else {}
        return [(f"{path}.{key}", part) for key, part in attributes.items() if not key.startswith("__")]
    return []


def written_places(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The places whose fingerprint changed or that came into being."""
    return sorted(path for path, print_ in after.items() if before.get(path) != print_)


@contextlib.contextmanager
def printed_text() -> Iterator[list[str]]:
    """Collects what is printed inside, shortened."""
    out, text = io.StringIO(), []
    with contextlib.redirect_stdout(out):
        yield text
    text.append(storable(out.getvalue()[:MAX_PRINTED]))


@contextlib.contextmanager
def trace_events() -> Iterator[list[str]]:
    """Collects the names of the functions that jax.jit traces inside."""
    _listen_to_traces()
    traced: list[str] = []
    _collecting.append(traced)
    try:
        yield traced
    finally:
        _collecting[:] = [other for other in _collecting if other is not traced]


_collecting: list[list[str]] = []


@functools.cache
def _listen_to_traces() -> None:
    """Listens once and for good: not every version of JAX lets a listener go."""

    def listen(event: str, duration: float, **details: Any) -> None:
        for traced in _collecting if event == TRACE_EVENT else ():
            traced.append(str(details.get("fun_name", "")))

    jax.monitoring.register_event_duration_secs_listener(listen)


class Recorder:
    """Stands in for a function of the learner's and keeps a copy of what went in and came out."""

    def __init__(self, function: Any):
        self.function, self.records = function, []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        before = fresh_copy((*args, *kwargs.values()))
        result = self.function(*args, **kwargs)
        traced = any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves((before, result)))
        if not traced:
            self.records.append((before, fresh_copy(result)))
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self.function, name)
