"""Between a learner's objects and the data that travels."""

import copy
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from autograders.learner.messages import Array, Described, Leaf, Like, Mapping, Opaque, Ref, Scalar, Sequence, Wire

MAX_PARTS = 8  # a tuple of more parts is described by its leaves alone


def array_to_wire(x: Any) -> Array:
    """An array of any kind as bytes; typed keys travel as their key data."""
    if isinstance(x, jax.Array) and jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
        return Array(str(x.dtype), x.shape, np.asarray(jax.random.key_data(x)).tobytes())
    weak = bool(getattr(x, "weak_type", False))
    x = np.asarray(x)
    return Array(str(x.dtype), x.shape, x.tobytes(), weak=weak)


def array_from_wire(a: Array) -> Any:
    """A new JAX array, or NumPy's where the message says so."""
    if a.dtype.startswith("key<"):
        data = np.frombuffer(a.data, np.uint32).reshape(*a.shape, -1)
        return jax.random.wrap_key_data(jax.device_put(data.copy()))
    values = np.frombuffer(a.data, jnp.dtype(a.dtype)).reshape(a.shape)
    return values.copy() if a.host else jax.device_put(values.copy())


def leaf_to_wire(x: Any) -> Leaf:
    """A leaf as data where it is an array or a number that fits, else the name of its type."""
    if isinstance(x, jax.core.Tracer):
        return Opaque("Tracer")
    if x is None or isinstance(x, bool):
        return Scalar(x)
    if isinstance(x, str):
        return Scalar(storable(str.__str__(x)[:2000]))
    if isinstance(x, float):
        return Scalar(float.__float__(x))  # a subclass may be anything but encodable
    if isinstance(x, int) and abs(int.__index__(x)) < 2**63:
        return Scalar(int.__index__(x))
    if isinstance(x, jax.Array) or (isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "biufV"):
        return Opaque("deleted array") if getattr(x, "is_deleted", bool)() else array_to_wire(x)
    return Opaque(storable(type(x).__name__), isinstance(x, Iterator))


def storable(text: str) -> str:
    """Text without lone surrogates, which no file or message can hold."""
    return text.encode("utf-8", "replace").decode()


def is_array(x: Any) -> bool:
    return isinstance(x, (jax.Array, np.ndarray, np.generic)) and not isinstance(x, jax.core.Tracer)


def fresh_copy(x: Any) -> Any:
    """The same pytree with new containers and new buffers, so that donation and in-place changes stay with the copy."""
    leaves, structure = jax.tree.flatten(x)
    found = {i: host for i, leaf in enumerate(leaves) if (host := _host(leaf)) is not None}
    made = dict(zip(found, jax.device_put(list(found.values())), strict=True))  # all at once: each call takes a while
    return jax.tree.unflatten(structure, [made[i] if i in made else copied(leaf) for i, leaf in enumerate(leaves)])


def remembered(x: Any) -> Any:
    """The same pytree with new containers and what its leaves hold now, to compare with later; arrays as NumPy's."""
    return jax.tree.map(lambda leaf: copied(leaf) if (host := _host(leaf)) is None else host, x)


def _host(leaf: Any) -> np.ndarray | None:
    """An array of JAX as one of NumPy, by way of which it is copied without compiling; None for all that would change."""
    try:
        plain = isinstance(leaf, jax.Array) and not (
            leaf.weak_type or jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.extended)
        )
        return np.array(leaf) if plain else None
    except Exception:  # a deleted array, a tracer
        return None


def copied(leaf: Any) -> Any:
    """A copy of a leaf; objects that cannot be copied are handed over as they are."""
    try:
        return leaf.copy() if isinstance(leaf, (jax.Array, np.ndarray)) else copy.deepcopy(leaf)
    except Exception:
        return leaf


class Objects:
    """What a learner's process holds for its judge: objects by number, tree definitions by equality."""

    def __init__(self) -> None:
        self.held: list[Any] = []
        self.trees: list[Any] = []

    def describe(self, x: Any, depth: int = 1) -> Described:
        """Hold `x` and describe it; the parts of a short tuple or list are held and described too."""
        self.held.append(x)
        ref, kind = len(self.held) - 1, type(x).__name__
        if depth and isinstance(x, (tuple, list)) and 0 < len(x) <= MAX_PARTS:
            items = tuple(self.describe(part, depth - 1) for part in x)
            return Described(ref, kind, self._tree(jax.tree.structure(x)), items=items)
        flat, structure = jax.tree_util.tree_flatten_with_path(x)
        return Described(
            ref,
            kind,
            self._tree(structure),
            callable(x),
            tuple(jax.tree_util.keystr(path) for path, _ in flat),
            tuple(leaf_to_wire(leaf) for _, leaf in flat),
        )

    def build(self, wire: Wire) -> Any:
        """The object that a message means, or a fresh copy where it is held here."""
        match wire:
            case Like(id=id, leaves=leaves):
                return jax.tree.unflatten(jax.tree.structure(self.held[id]), [array_from_wire(leaf) for leaf in leaves])
            case Ref(id=id):
                return fresh_copy(self.held[id])
            case Scalar(value):
                return value
            case Array():
                return array_from_wire(wire)
            case Sequence(items):
                return tuple(self.build(item) for item in items)
            case Mapping(items):
                return {key: self.build(item) for key, item in items.items()}

    def _tree(self, structure: Any) -> int:
        for number, known in enumerate(self.trees):
            try:
                if known == structure:
                    return number
            except Exception:  # a static field may hold an array, whose == is no bool: then the trees differ
                continue
        self.trees.append(structure)
        return len(self.trees) - 1
