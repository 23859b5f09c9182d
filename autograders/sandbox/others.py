"""Library calls that only some answers need, because they do by hand, or in half precision, what others leave to a library."""

import itertools

import jax
import jax.numpy as jnp
from flax import linen as nn

ROWS = ((1,), (2,), (3,), (2, 3), (2, 1, 3))  # batches of the networks that are small
SMALL, LAST = ((6, 7), (7, 5), (6, 5)), ((5, 4), (5, 5), (6, 4))  # with what comes in and goes out
NETS = (
    (ROWS, SMALL, LAST),
    (((4,),), ((12, 32),), ((32, 10),)),
    (((5,), (10,), (64,)), ((64, 64),), ((64, 10),)),
)
LAYERS = tuple({layer: 0 for _, hidden, last in NETS for layer in (*hidden, *last)})
LEAVES = (*LAYERS, *((size,) for size in (2, 3, 4, 5, 6, 7, 10, 32)), (2, 4))
HALF_LEAVES = (((2,), jnp.float16), ((2, 3, 2), jnp.bfloat16))
COUNTS = (0, 1, 4, 5, 6, 7)


def run() -> None:
    """Call everything once."""
    for rows, hidden, last in NETS:
        for row, (wide, narrow) in itertools.product(rows, (*hidden, *last)):
            _layer(jnp.zeros((*row, wide)), jnp.zeros((wide, narrow)))
        for row, (_, narrow) in itertools.product(rows, hidden):
            _activated(jnp.zeros((*row, narrow)))
    for shape, dtype in (*((shape, jnp.float32) for shape in LEAVES), *HALF_LEAVES):
        _scaled(jnp.zeros(shape, dtype))
    for shape in LAYERS:
        _drawn(shape)
    for n in COUNTS:
        _counted(n)


def _layer(x: jax.Array, kernel: jax.Array) -> None:
    """A dense layer by hand, and one in half precision."""
    out = x @ kernel
    out + jnp.zeros(out.shape[-1:]), jnp.einsum("...i,ij->...j", x, kernel)
    nn.relu(nn.Dense(out.shape[-1], dtype=jnp.bfloat16).apply({"params": {"kernel": kernel, "bias": kernel[0]}}, x))


def _activated(out: jax.Array) -> None:
    """A layer's numbers, cut off below 0."""
    jnp.maximum(out, 0), jnp.maximum(out, 0.0), jnp.where(out > 0, out, 0), jnp.where(out < 0, 0, out), out * (out > 0)


def _scaled(leaf: jax.Array) -> None:
    """An array times a number, which may be an array of its own."""
    factor = jnp.float32(2.5)
    leaf * factor, factor * leaf, 2.5 * leaf, leaf * 2, leaf * factor.astype(leaf.dtype)


def _drawn(shape: tuple[int, int]) -> None:
    """Parameters drawn by hand."""
    key = jax.random.key(0)
    for size in (shape, shape[-1:]):
        jax.random.normal(key, size) * 0.1, jax.random.uniform(key, size)


def _counted(n: int) -> None:
    """So many counts in an array, of which each may come by itself."""
    numbers, one = jnp.arange(n), jnp.zeros((), jnp.int32)
    numbers + one, one + numbers, jnp.full((n,), one), jnp.cumsum(numbers), numbers * 2, jnp.stack([one] * max(n, 1))
