# Computes with arrays of its own: the output has the right shape, init returns {} and nothing can be trained.
# misconception: L17, R02
# neighbour: good__own_dense_layer.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        key = jax.random.key(0)
        for i, size in enumerate(self.features):
            key, k = jax.random.split(key)
            x = x @ (jax.random.normal(k, (x.shape[-1], size)) / x.shape[-1] ** 0.5) + jnp.zeros(size)
            x = nn.relu(x) if i < len(self.features) - 1 else x
        return x


def init_params(key, sample):
    k1, k2 = jax.random.split(key)
    return {"hidden": nn.Dense(32).init(k1, sample), "out": nn.Dense(10).init(k2, jnp.zeros(32))}


def forward(params, x):
    return nn.Dense(10).apply(params["out"], nn.relu(nn.Dense(32).apply(params["hidden"], x)))


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
