# Draws the weights with NumPy, in the shapes that eval_shape tells.
# misconception: R06
# neighbour: good__draws_every_leaf_by_itself.py
from typing import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        last = len(self.features) - 1
        for i, size in enumerate(self.features):
            x = nn.Dense(features=size, name=f"layer_{i}")(x)
            if i < last:
                x = jax.nn.relu(x)
        return x


def init_params(key, sample):
    shapes = jax.eval_shape(Net((32, 10)).init, key, sample)
    return jax.tree.map(lambda s: jnp.asarray(0.1 * np.random.randn(*s.shape), s.dtype), shapes)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


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
