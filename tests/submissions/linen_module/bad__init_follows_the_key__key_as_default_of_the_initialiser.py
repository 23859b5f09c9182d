# The initialiser has a key as default argument and draws from that: made once, the same for every network.
# misconception: R02, R07
# neighbour: good__named_layers_and_own_initialisers.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


def small_normal(_, shape, dtype=jnp.float32, key=jax.random.key(7)):
    return 0.1 * jax.random.normal(key, shape, dtype)


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for size in self.features[:-1]:
            x = nn.relu(nn.Dense(size, kernel_init=small_normal)(x))
        return nn.Dense(self.features[-1], kernel_init=small_normal)(x)


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


def count_params(params):
    sizes = jax.tree.map(jnp.size, params)
    return jax.tree.reduce(lambda a, b: a + b, sizes)


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
