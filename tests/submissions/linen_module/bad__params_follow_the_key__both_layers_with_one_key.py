# Initialises the two layers apart, both with the key that came in.
# misconception: R01
# neighbour: good__separate_modules_by_hand.py
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
    hidden = nn.Dense(32).init(key, sample)
    head = nn.Dense(10).init(key, jnp.zeros((1, 32)))
    return [hidden, head]


def forward(params, x):
    hidden, head = params
    return nn.Dense(10).apply(head, nn.relu(nn.Dense(32).apply(hidden, x)))


def count_params(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def scale_params(params, factor):
    return jax.tree.map(lambda leaf: leaf * factor, params)


def zero_biases(params):
    def is_bias(path):
        return path[-1] == jax.tree_util.DictKey("bias")

    return jax.tree_util.tree_map_with_path(lambda p, w: jnp.zeros(w.shape, w.dtype) if is_bias(p) else w, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        shape = x.shape[-1:]
        y = x * self.param("scale", nn.initializers.ones, shape)
        return y + self.param("shift", nn.initializers.zeros, shape)
