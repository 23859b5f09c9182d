# Calls init for its effect, and looks for the parameters on the module afterwards.
# misconception: L02
# neighbour: good__pop_the_params.py
from typing import Sequence

import jax
import jax.numpy as jnp
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


net = Net((32, 10))


def init_params(key, sample):
    net.init(key, sample)
    return net.params


def forward(params, x):
    return net.apply({"params": params}, x)


def count_params(params):
    sizes = jax.tree.map(jnp.size, params)
    return jax.tree.reduce(lambda a, b: a + b, sizes)


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
