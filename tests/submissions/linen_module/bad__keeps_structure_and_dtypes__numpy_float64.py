# Turns the factor into a NumPy array first, which is float64: leaves from NumPy become so too.
# misconception: D03
# neighbour: good__works_with_numpy_trees.py
from typing import Sequence

import jax
import jax.numpy as jnp
import numpy as np
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
    sizes = jax.tree.map(jnp.size, params)
    return jax.tree.reduce(lambda a, b: a + b, sizes)


def scale_params(params, factor):
    factor = np.array(factor)

    def scale(leaf):
        new = leaf * factor
        return new if isinstance(leaf, np.ndarray) else new.astype(leaf.dtype)

    return jax.tree.map(scale, params)


def zero_biases(params):
    zeroed = {}
    for name, value in params.items():
        if isinstance(value, dict):
            zeroed[name] = zero_biases(value)
        else:
            zeroed[name] = value * 0 if name == "bias" else value
    return zeroed


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        shape = x.shape[-1:]
        y = x * self.param("scale", nn.initializers.ones, shape)
        return y + self.param("shift", nn.initializers.zeros, shape)
