"""What a learner's code writes to is found, and told by whose place it is and what stands there."""

import itertools
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from autograders.learner import places


def world(namespace: dict) -> dict:
    found = places.randomness()
    for name, value in namespace.items():
        found |= places.snapshot(value, name, "global")
    return found


def made(source: str) -> dict:
    """The globals of a learner's code."""
    space = {"__name__": "__main__", "jax": jax, "jnp": jnp, "np": np, "itertools": itertools}
    exec(source, space)
    return {k: v for k, v in space.items() if not k.startswith("_") and not isinstance(v, types.ModuleType)}


CASES = {  # code that defines f and what it writes to; the place, its scope and its kind
    "list": ("seen = []\ndef f(): seen.append(1)", ("seen", "global", "list")),
    "default": ("def f(seen={'n': 0}): seen['n'] += 1", ("the default argument seen of f['n']", "default", "int")),
    "keyword": ("def f(*, seen=[]): seen.append(1)", ("the default argument seen of f", "default", "list")),
    "closure": (
        "def make():\n    last = {'n': 0}\n    def f(): last['n'] += 1\n    return f\nf = make()",
        ("the closure of f over last['n']", "closure", "int"),
    ),
    "class": ("class C:\n    calls = 0\ndef f(): C.calls += 1", ("C.calls", "class", "int")),
    "function": ("def f(): f.calls = 1", ("f.calls", "function", "int")),
    "iterator": ("it = itertools.count()\ndef f(): next(it)", ("it", "global", "iterator")),
    "list iterator": ("it = iter([1, 2])\ndef f(): next(it)", ("it", "global", "iterator")),
    "generator": ("g = (i for i in range(9))\nnext(g)\ndef f(): next(g)", ("g", "global", "iterator")),
    "generator of NumPy": ("rng = np.random.default_rng(0)\ndef f(): rng.random()", ("rng", "global", "random")),
    "NumPy": ("def f(): np.random.rand()", ("NumPy's random numbers", "global", "random")),
    "ref": ("ref = jax.new_ref(jnp.int32(0))\ndef f(): ref[...] += 1", ("ref", "global", "ref")),
    "NumPy array": ("a = np.zeros(2)\ndef f(): a[0] = 1", ("a", "global", "numpy array")),
    "tracer": ("left = []\ndef f(): jax.make_jaxpr(lambda x: left.append(x))(1)", ("left", "global", "tracer")),
}


@pytest.mark.parametrize("source, written", CASES.values(), ids=list(CASES))
def test_what_is_written_is_found(source, written):
    """The outermost place is named, with its scope and the kind of what stands there."""
    namespace = made(source)
    before = world(namespace)
    namespace["f"]()
    (place,) = places.changes(before, world(namespace))
    assert (place.path, place.scope, place.kind) == written


def test_nothing_is_found_where_nothing_is_written():
    """Looking twice finds the same, also for keys, iterators and functions under jit."""
    namespace = made("key = jax.random.key(0)\nit = iter([1])\n@jax.jit\ndef f(x, n=[0]): return x")
    assert places.changes(world(namespace), world(namespace)) == []
