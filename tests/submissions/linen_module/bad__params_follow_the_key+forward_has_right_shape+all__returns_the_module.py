# Returns the module after init, as a PyTorch model that now has its weights.
# misconception: L02
# neighbour: good__init_with_output_and_method.py
from typing import Sequence

import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        h = x
        for size in self.features[:-1]:
            h = jnp.maximum(nn.Dense(size)(h), 0.0)
        logits = nn.Dense(self.features[-1])(h)
        return logits


def init_params(key, sample):
    net = Net((32, 10))
    net.init(key, sample)
    return net


def forward(params, x):
    return params.apply(params, x)


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
        scale = self.param("scale", nn.initializers.ones, (x.shape[-1],))
        shift = self.param("shift", nn.initializers.zeros, (x.shape[-1],))
        return x * scale + shift
