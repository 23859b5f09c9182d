"""Exceptions of one class are told apart by what was seen where they arose."""

import numpy as np
import pytest

from autograders.checks import Failure
from autograders.judge.handle import Submission
from autograders.learner.messages import Cell

HEAD = """
import functools
from functools import partial
from typing import NamedTuple
import jax, jax.numpy as jnp, numpy as np
from jax import lax

class Named(NamedTuple):
    n: int

def scanned(body, start):
    return lax.scan(body, start, None, length=4)
"""
CASES = {  # the misconception named, and code that makes the mistake
    "if": ("J01", "def f(x):\n    if x > 0:\n        return x\n    return -x"),
    "chained comparison": ("J01", "def f(x): return 1 if 0 < x < 5 else 2"),
    "if in a loop": (
        "J01",
        "def f(x):\n    for _ in range(3):\n        if x > 0:\n            x = x + 1\n    return x",
    ),
    "max": ("J02", "def f(x): return max(x, 0)"),
    "or": ("J02", "def f(x): return x or 3"),
    "while": ("J03", "def f(x):\n    while x < 10:\n        x = x + 1\n    return x"),
    "assert": ("J19", "def f(x):\n    assert x >= 0, 'negative'\n    return x + 1"),
    "range": ("J04", "@jax.jit\ndef f(x):\n    for i in range(x):\n        pass\n    return x"),
    "int of a tracer": ("J05", "@jax.jit\ndef f(x): return int(x)"),
    "float of an array": ("J05", "def f(x): return float(jnp.ones(3) * x)"),
    "shape": ("J08", "@jax.jit\ndef f(x): return jnp.zeros(x)"),
    "arange": ("J08", "@jax.jit\ndef f(x): return jnp.arange(x)"),
    "length": ("J08", "@jax.jit\ndef f(x): return lax.scan(lambda c, _: (c, c), 0, None, length=x)"),
    "element": ("C14", "def f(x):\n    x = jnp.zeros(3)\n    x[0] += 1\n    return x"),
    "field of a NamedTuple": ("C20", "def f(x):\n    s = Named(x)\n    s.n = 3\n    return s.n"),
    "object in jit": ("C18", "class Plain: n = 0\ndef f(x): return jax.jit(lambda s: s.n)(Plain())"),
    "text in jit": ("C19", "def f(x): return jax.jit(lambda s: s['n'])({'n': x, 'name': 'c'})"),
    "static dict": (
        "J11",
        "@partial(jax.jit, static_argnums=0)\ndef g(s): return s['n']\ndef f(x): return g({'n': x})",
    ),
    "static array": ("J11", "@partial(jax.jit, static_argnums=0)\ndef f(x): return x + 1"),
    "static tracer": (
        "J13",
        "@partial(jax.jit, static_argnums=0)\ndef g(x): return x + 1\nf = jax.jit(lambda x: g(x))",
    ),
    "f-string": ("J18", "def f(x):\n    jax.debug.print(f'n = {x}', n=x)\n    return x"),
    "branches": ("J20", "def f(x): return lax.cond(x > 0, lambda: 1.0, lambda: 0)"),
    "scan without a pair": ("T02", "def f(x): return scanned(lambda c, _: c + 1, 0)"),
    "scan with a dict for a pair": ("T02", "def f(x): return scanned(lambda c, _: {'a': c['a'] + 1}, {'a': 0})"),
    "output and carry": ("T03", "def f(x): return scanned(lambda c, _: (c['a'], {'a': c['a'] + 1}), {'a': 0})"),
    "tree": ("T05", "def f(x): return scanned(lambda c, _: ([c[0] + 1], None), (0,))"),
    "dtype": ("T01", "def f(x): return scanned(lambda c, _: (c + 1.0, None), jnp.int32(0))"),
    "carry shape": ("T01", "def f(x): return scanned(lambda c, _: (jnp.append(c, 1.0), None), jnp.zeros(0))"),
    "index second": ("T04", "def f(x): return lax.fori_loop(0, 4, lambda v, i: v.at[i].set(1), jnp.zeros(4))"),
    "vmap of a number": ("T07", "def f(x): return jax.vmap(lambda a, i: a + i)(x, jnp.arange(3))"),
    "vmap of another size": ("T06", "def f(x): return jax.vmap(lambda a, i: a + i)(jnp.zeros(2), jnp.arange(3))"),
    "gathered": (
        "T09",
        "def f(x):\n    seen = []\n    scanned(lambda c, _: (c + 1, seen.append(c)), 0)\n    return jnp.array(seen)",
    ),
    "x before the carry": ("", "def f(x): return scanned(lambda _, c: (c + 1, c), 0)"),
    "cached": ("", "@functools.lru_cache\ndef g(x): return x + 1\nf = jax.jit(lambda x: g(x))"),
}


@pytest.mark.parametrize("misconception, source", CASES.values(), ids=list(CASES))
def test_mistakes_of_one_class_are_told_apart(engine, misconception, source):
    """Called, and then traced, the code raises; the explanation names the mistake, or none where it cannot be known."""
    learner = engine.learner([Cell(0, HEAD), Cell(1, source)])
    learner.start()
    try:
        f = Submission(learner.ask, engine.evaluate).f
        with pytest.raises(Failure) as caught:
            f(np.int32(3))
            f.program(np.int32(3))
    finally:
        learner.close()
    assert caught.value.misconception == misconception
    assert caught.value.why and caught.value.hint
