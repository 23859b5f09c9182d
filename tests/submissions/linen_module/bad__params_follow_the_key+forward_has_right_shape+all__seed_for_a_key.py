# Hands init a seed, as other libraries take it.
# misconception: R11, R02
# neighbour: good__init_with_output_and_method.py
from typing import Sequence

import jax
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
    return Net((32, 10)).init(0, sample)


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
        scale = self.param("scale", nn.initializers.ones, (x.shape[-1],))
        shift = self.param("shift", nn.initializers.zeros, (x.shape[-1],))
        return x * scale + shift
