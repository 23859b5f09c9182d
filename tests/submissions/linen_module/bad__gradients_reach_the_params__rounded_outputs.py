# Rounds the outputs to two places, to read them better: the gradient is zero everywhere.
# misconception: G13
# neighbour: good__compact_loop.py
from typing import Sequence

import jax
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
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return jnp.round(Net((32, 10)).apply(params, x), 2)


def count_params(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


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
        d = x.shape[-1]
        scale = self.param("scale", nn.initializers.ones_init(), (d,))
        shift = self.param("shift", nn.initializers.zeros_init(), (d,))
        return shift + x * scale
