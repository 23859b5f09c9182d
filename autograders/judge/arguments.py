"""What a check hands to a submission: how it travels, what a trace depends on in it, and how it reads in a message."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograders.checks.failure import GraderError
from autograders.judge.values import Value
from autograders.learner import messages
from autograders.learner.messages import Array, Ref, Scalar


@dataclasses.dataclass(frozen=True)
class Key:
    """The typed key `jax.random.key(seed)`."""

    seed: int


@dataclasses.dataclass(frozen=True)
class Host:
    """A NumPy array that stays one on the learner's side."""

    array: np.ndarray


@dataclasses.dataclass(frozen=True)
class Fixed:
    """An object of the learner's that a program is traced around: a constant of it, not an input."""

    value: Value


@dataclasses.dataclass(frozen=True)
class Like:
    """An object built like one of the learner's, with these leaves."""

    value: Value
    leaves: Sequence[np.ndarray]


def to_wire(x: Any) -> messages.Wire:
    """An argument as a message."""
    match x:
        case Value():
            return Ref(x.ref)
        case Fixed(value):
            return Ref(value.ref, fixed=True)
        case Like(value, leaves):
            return messages.Like(value.ref, tuple(to_wire(leaf) for leaf in leaves))
        case Key(seed):
            return Array("key<fry>", (), np.array([seed >> 32, seed & 0xFFFFFFFF], np.uint32).tobytes())
        case Host(array):
            return Array(str(array.dtype), array.shape, array.tobytes(), host=True)
        case bool() | int() | float():
            return Scalar(x)
        case dict():
            return messages.Mapping({key: to_wire(part) for key, part in x.items()})
        case tuple() | list():
            return messages.Sequence(tuple(to_wire(part) for part in x))
        case np.ndarray() | np.generic():
            return Array(str(x.dtype), x.shape, x.tobytes())
    raise GraderError(f"no message for a {type(x).__name__}")


def leaves_of(x: Any) -> list[np.ndarray]:
    """The leaves of an argument in JAX's order: dict keys sorted, tuples in order."""
    match x:
        case Value():
            return x.leaves
        case Key(seed):
            return [np.array([seed >> 32, seed & 0xFFFFFFFF], np.uint32)]
        case dict():
            return [leaf for key in sorted(x) for leaf in leaves_of(x[key])]
        case tuple() | list():
            return [leaf for part in x for leaf in leaves_of(part)]
    return [np.asarray(x)]


def form_of(x: Any) -> Any:
    """What a trace depends on in an argument: tree, shapes and dtypes of arrays, values of Python numbers."""
    match x:
        case Value():
            leaves = ((str(leaf.dtype), leaf.shape) if hasattr(leaf, "dtype") else leaf for leaf in x.leaves)
            return ("state", x.tree, tuple(x.paths), tuple(leaves), tuple(x.weak))
        case Fixed(value):
            return ("fixed", value.ref)
        case Key():
            return "key"
        case Host(array):
            return ("host", str(array.dtype), array.shape)
        case dict():
            return tuple((name, form_of(part)) for name, part in sorted(x.items()))
        case tuple() | list():
            return tuple(form_of(part) for part in x)
        case np.ndarray() | np.generic():
            return (str(x.dtype), x.shape)
    return (type(x).__name__, x)


def spelled(args: tuple, kwargs: dict) -> str:
    """How a call reads in a message: names and shapes, never values of arrays."""
    return ", ".join([_argument(a) for a in args] + [f"{key}={_argument(a)}" for key, a in kwargs.items()])


def _argument(x: Any) -> str:
    match x:
        case Value():
            return "params" if x.text.split("(")[0].endswith(("params", ".init")) else "state"
        case Fixed(value) | Like(value):
            return _argument(value)
        case Key():
            return "key"
        case int():
            return "n"
        case tuple():
            return "..."
        case dict():
            return "batch" if "label" in x else "params"
    return "x"
