# `Net` draws its kernels from a key of its own, "so that runs agree"; only `init_params` draws with the key that came.
# misconception: R02
# neighbour: good__draws_every_leaf_by_itself.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


def small(key, shape, dtype=jnp.float32):
    return 0.1 * jax.random.normal(jax.random.key(42), shape, dtype)


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for size in self.features[:-1]:
            x = nn.relu(nn.Dense(size, kernel_init=small)(x))
        return nn.Dense(self.features[-1], kernel_init=small)(x)


def init_params(key, sample):
    params = Net((32, 10)).init(key, sample)["params"]
    leaves, structure = jax.tree.flatten(params)
    keys = jax.random.split(key, len(leaves))
    drawn = [0.1 * jax.random.normal(k, leaf.shape) for k, leaf in zip(keys, leaves)]
    return jax.tree.unflatten(structure, drawn)


def forward(params, x):
    return Net((32, 10)).apply({"params": params}, x)


def count_params(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def scale_params(params, factor):
    return jax.tree.map(lambda leaf: leaf * factor, params)


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
