# Notes the paths that it zeroed in a global list.
# misconception: C25
# neighbour: good__helper_that_makes_layers.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        *hidden, last = self.features
        for size in hidden:
            x = nn.relu(nn.Dense(size)(x))
        return nn.Dense(last)(x)


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


def count_params(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def scale_params(params, factor):
    return jax.tree.map(lambda leaf: leaf * factor, params)


zeroed = []


def zero_biases(params):
    def zero(path, leaf):
        if path[-1].key != "bias":
            return leaf
        zeroed.append(jax.tree_util.keystr(path))
        return jnp.zeros_like(leaf)

    return jax.tree_util.tree_map_with_path(zero, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        d = x.shape[-1]
        scale = self.param("scale", nn.initializers.ones_init(), (d,))
        shift = self.param("shift", nn.initializers.zeros_init(), (d,))
        return shift + x * scale
