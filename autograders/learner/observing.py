"""Probes beside the learner's code: what it changed, printed and traced. Testimony, not proof: hostile code could lie."""

import contextlib
import functools
import io
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from autograders.learner.messages import Place
from autograders.learner.places import content
from autograders.learner.values import fresh_copy, is_array, storable

MAX_PRINTED = 2000  # characters
TRACE_EVENT = "/jax/core/compile/jaxpr_trace_duration"  # fires once for each function that jax.jit traces


def changed_places(before: Any, after: Any, handed: list[Any]) -> list[Place]:
    """Where `after` differs from `before`; donated buffers count as unchanged.

    `handed` are the leaves that `after` had at first: one that is still there was itself written to.
    """
    old, structure = jax.tree_util.tree_flatten_with_path(before)
    new, new_structure = jax.tree_util.tree_flatten_with_path(after)
    if structure != new_structure:
        return [Place("", "argument", "container")]
    return [
        Place(jax.tree_util.keystr(path), "argument", "numpy array" if b is leaf else "container")
        for (path, a), (_, b), leaf in zip(old, new, handed, strict=True)
        if not (is_array(b) and getattr(b, "is_deleted", bool)()) and not _same_leaf(a, b)
    ]


def _same_leaf(a: Any, b: Any) -> bool:
    if is_array(a) and is_array(b):
        return content(a) == content(b)
    return type(a) is type(b) and (not isinstance(a, (bool, int, float, str)) or a == b)


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
    """Stands in for a function of the learner's and keeps a copy of what went in and came out.

    Where JAX traces it, as in a scan, the program calls back with the values, in the order in which it runs.
    """

    def __init__(self, function: Any):
        self.function, self.records = function, []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given = (*args, *kwargs.values())
        if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(given)):
            return self._traced(given, self.function(*args, **kwargs))
        before = fresh_copy(given)
        result = self.function(*args, **kwargs)
        self.records.append((before, fresh_copy(result)))
        return result

    def _traced(self, given: tuple, result: Any) -> Any:
        leaves, structure = jax.tree.flatten((given, result))
        arrays = [isinstance(leaf, (jax.Array, np.ndarray)) for leaf in leaves]

        def record(*values: Any) -> None:
            found = iter(values)
            whole = [np.array(next(found)) if array else leaf for leaf, array in zip(leaves, arrays, strict=True)]
            self.records.append(jax.tree.unflatten(structure, whole))

        jax.debug.callback(record, *[x for x, array in zip(leaves, arrays, strict=True) if array], ordered=True)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self.function, name)
