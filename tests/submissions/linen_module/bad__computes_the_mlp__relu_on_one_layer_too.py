# ReLU is left out where the list of sizes ends, but a single layer gets one: Net((4,)) is never negative.
# misconception: none
# neighbour: good__compact_loop.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(self.features[0])(x)
        for size in self.features[1:]:
            x = nn.Dense(size)(nn.relu(x))
        return x if len(self.features) > 1 else nn.relu(x)


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


def count_params(params):
    total = 0
    for value in params.values():
        total += count_params(value) if isinstance(value, dict) else value.size
    return total


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
