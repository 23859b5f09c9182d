# count_params keeps every count in a list at module level.
# misconception: C25, C05
# neighbour: good__compact_loop.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for size in self.features[:-1]:
            x = nn.relu(nn.Dense(size)(x))
        return nn.Dense(self.features[-1])(x)


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


counts = []


def count_params(params):
    counts.append(sum(leaf.size for leaf in jax.tree.leaves(params)))
    return counts[-1]


def scale_params(params, factor):
    return jax.tree.map(lambda leaf: (leaf * factor).astype(leaf.dtype), params)


def zero_biases(params):
    def zero(path, leaf):
        return jnp.zeros_like(leaf) if path[-1].key == "bias" else leaf

    return jax.tree_util.tree_map_with_path(zero, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        scale = self.param("scale", nn.initializers.ones, (x.shape[-1],))
        shift = self.param("shift", nn.initializers.zeros, (x.shape[-1],))
        return x * scale + shift
