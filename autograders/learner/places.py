"""Fingerprints of everything that a learner's code could write to, and the places whose fingerprint changed meanwhile."""

import collections
import inspect
import operator
import random
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from autograders.learner.messages import Place
from autograders.learner.values import is_array, storable

SIMPLE = (bool, int, float, complex, str, bytes, type(None))
RANDOM = (np.random.Generator, np.random.RandomState, random.Random)
DEPTH = 5
WIDTH = 200  # parts of one container


class Mark(NamedTuple):
    """What one place holds: the scope it belongs to, the kind of object, and something that changes when it does."""

    scope: str
    kind: str
    fingerprint: Any


def snapshot(x: Any, path: str, scope: str, depth: int = DEPTH) -> dict[str, Mark]:
    """Marks of all places below `x`: numbers, containers, attributes, defaults, closures, iterators, generators of numbers."""
    parts = _parts(x, path, scope) if depth else []
    found = {path: Mark(scope, _kind(x), _fingerprint(x))}
    for place, part, inner in parts:
        found |= snapshot(part, place, inner, depth - 1)
    return found


def randomness() -> dict[str, Mark]:
    """Marks of the random numbers that Python and NumPy share among all code."""
    algorithm, keys, *others = np.random.get_state()
    shared = {
        "Python's random numbers": random.getstate(),
        "NumPy's random numbers": (algorithm, keys.tobytes(), *others),
    }
    return {path: Mark("global", "random", state) for path, state in shared.items()}


def changes(before: dict[str, Mark], after: dict[str, Mark]) -> list[Place]:
    """The places that changed or came into being, without the parts of those that are named themselves."""
    changed = sorted(path for path, mark in after.items() if before.get(path) != mark)
    outer = [p for p in changed if not any(p != q and p.startswith((f"{q}[", f"{q}.")) for q in changed)]
    traced = {p for p in outer for q in changed if after[q].kind == "tracer" and q.startswith((f"{p}[", f"{p}."))}
    kinds = {p: "tracer" if p in traced else after[p].kind for p in outer}
    return [Place(storable(p), after[p].scope, kinds[p], _grew(before.get(p), after[p])) for p in outer]


def _grew(before: Mark | None, after: Mark) -> bool:
    same = before is not None and before.kind == after.kind and after.kind in ("list", "deque")
    return same and after.fingerprint > before.fingerprint


def _kind(x: Any) -> str:
    """What kind of thing it is, as far as a judge tells mistakes apart by it."""
    if isinstance(x, jax.core.Tracer):
        return "tracer"
    if is_array(x):
        of_keys = isinstance(x, jax.Array) and jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key)
        return "key" if of_keys else "numpy array" if isinstance(x, np.ndarray) else "array"
    if _is_ref(x):
        return "ref"
    if isinstance(x, RANDOM):
        return "random"
    if is_jitted(x):
        return "jitted"
    return "iterator" if isinstance(x, Iterator) else storable(type(x).__name__)


def _fingerprint(x: Any) -> Any:
    if is_array(x):
        return "deleted" if getattr(x, "is_deleted", bool)() else (str(x.dtype), content(x))
    if isinstance(x, SIMPLE):
        return (type(x).__name__, x)
    if _is_ref(x):
        return content(x[...])
    if isinstance(x, RANDOM):
        return str(x.bit_generator.state if isinstance(x, np.random.Generator) else _state(x))
    if isinstance(x, types.GeneratorType):
        frame = x.gi_frame
        return (id(x), frame and (frame.f_lasti, [_fingerprint(part) for part in frame.f_locals.values()]))
    if isinstance(x, Iterator) and type(x).__module__ in ("builtins", "itertools"):
        return (repr(x), operator.length_hint(x, -1))  # `count(3)` shows its number, others how much is left
    return len(x) if isinstance(x, (list, dict, set, tuple, collections.deque)) else id(x)


def _state(x: Any) -> Any:
    return x.getstate() if isinstance(x, random.Random) else x.get_state()


def is_jitted(x: Any) -> bool:
    """Whether it is a function under jit."""
    return callable(x) and not isinstance(x, type) and hasattr(x, "lower") and hasattr(x, "eval_shape")


def _is_ref(x: Any) -> bool:
    """A mutable array of JAX outside of any trace."""
    return type(x).__name__ == "Ref" and type(x).__module__.startswith("jax")


def content(x: Any) -> bytes:
    """The numbers of an array as bytes, those of a key included."""
    if isinstance(x, jax.Array) and jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key):
        x = jax.random.key_data(x)
    return np.asarray(x).tobytes()


def _parts(x: Any, path: str, scope: str) -> list[tuple[str, Any, str]]:
    """What is one level below: the path, the part, and the scope it belongs to."""
    if isinstance(x, dict):
        keys = [key for key in list(x)[:WIDTH] if isinstance(key, (str, int))]
        return [(f"{path}[{key!r}]", x[key], scope) for key in keys]
    if isinstance(x, (list, tuple, collections.deque)):
        return [(f"{path}[{i}]", part, scope) for i, part in enumerate(list(x)[:WIDTH])]
    if isinstance(x, (set, frozenset)):
        return [(f"{path}[...]", tuple(sorted(map(repr, x))), scope)]
    if isinstance(x, types.MethodType):
        return _parts(x.__self__, path, scope)
    if isinstance(x, types.FunctionType):
        return _parts_of_function(x, scope)
    if getattr(type(x), "__module__", "") == "__main__" or getattr(x, "__module__", "") == "__main__":
        attributes = vars(x) if hasattr(x, "__dict__") else {}
        inner = "class" if isinstance(x, type) else scope
        return [(f"{path}.{key}", part, inner) for key, part in attributes.items() if not key.startswith("__")]
    return []


def _parts_of_function(f: types.FunctionType, scope: str) -> list[tuple[str, Any, str]]:
    closed = inspect.getclosurevars(f).nonlocals if f.__closure__ else {}
    defaults = {**dict(zip(_defaulted(f), f.__defaults__ or (), strict=False)), **(f.__kwdefaults__ or {})}
    return [
        *[(f"the default argument {key} of {f.__name__}", part, "default") for key, part in defaults.items()],
        *[(f"{f.__name__}.{key}", part, "function") for key, part in vars(f).items()],
        *[(f"the closure of {f.__name__} over {key}", part, "closure") for key, part in closed.items()],
    ]


def _defaulted(f: types.FunctionType) -> tuple[str, ...]:
    """The names of the positional parameters that have a default."""
    positional = f.__code__.co_varnames[: f.__code__.co_argcount]
    return positional[len(positional) - len(f.__defaults__ or ()) :]
