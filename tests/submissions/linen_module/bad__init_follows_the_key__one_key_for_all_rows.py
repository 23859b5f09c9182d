# The initialiser maps a draw over the rows with one and the same key: all rows of a kernel are equal.
# misconception: R08
# neighbour: good__draws_every_leaf_by_itself.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


def row_by_row(key, shape, dtype=jnp.float32):
    def row(key, _):
        return 0.1 * jax.random.normal(key, (shape[1],), dtype)

    return jax.vmap(row, in_axes=(None, 0))(key, jnp.arange(shape[0]))


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for size in self.features[:-1]:
            x = nn.relu(nn.Dense(size, kernel_init=row_by_row)(x))
        return nn.Dense(self.features[-1], kernel_init=row_by_row)(x)


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


def count_params(params):
    sizes = jax.tree.map(jnp.size, params)
    return jax.tree.reduce(lambda a, b: a + b, sizes)


def scale_params(params, factor):
    scaled = {}
    for name, value in params.items():
        scaled[name] = scale_params(value, factor) if isinstance(value, dict) else value * factor
    return scaled


def zero_biases(params):
    def zero(path, leaf):
        return jnp.zeros_like(leaf) if path[-1].key == "bias" else leaf

    return jax.tree_util.tree_map_with_path(zero, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        shape = x.shape[-1:]
        y = x * self.param("scale", nn.initializers.ones, shape)
        return y + self.param("shift", nn.initializers.zeros, shape)
