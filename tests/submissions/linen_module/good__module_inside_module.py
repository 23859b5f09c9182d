# Builds itself from a smaller one of itself: the first layer, then a Net of the other sizes. Parameters are
# nested as deep as there are layers.
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        first, *others = self.features
        y = nn.Dense(first)(x)
        return Net(tuple(others))(nn.relu(y)) if others else y


def init_params(key, sample):
    params = Net((32, 10)).init(key, sample)["params"]
    return params


def forward(params, x):
    variables = {"params": params}
    return Net((32, 10)).apply(variables, x)


def count_params(params):
    total = 0
    for value in params.values():
        total += count_params(value) if isinstance(value, dict) else value.size
    return total


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
        scale = self.param("scale", nn.initializers.ones, (x.shape[-1],))
        shift = self.param("shift", nn.initializers.zeros, (x.shape[-1],))
        return x * scale + shift
