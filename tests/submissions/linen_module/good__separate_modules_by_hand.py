# forward chains the layers itself: it keeps the parameters of each layer apart and applies one after the other.
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax import struct


class Net(nn.Module):
    features: Sequence[int]

    def setup(self):
        self.layers = [nn.Dense(size) for size in self.features]

    def __call__(self, x):
        x = self.layers[0](x)
        for layer in self.layers[1:]:
            x = layer(nn.relu(x))
        return x


class Both(struct.PyTreeNode):
    hidden: Any
    head: Any


def init_params(key, sample):
    k1, k2 = jax.random.split(key)
    hidden = nn.Dense(32).init(k1, sample)
    head = nn.Dense(10).init(k2, jnp.zeros((1, 32)))
    return Both(hidden, head)


def forward(params, x):
    return nn.Dense(10).apply(params.head, nn.relu(nn.Dense(32).apply(params.hidden, x)))


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
