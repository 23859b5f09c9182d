# init_params leaves the parameters in a dict at module level, where forward finds them.
# misconception: C25, G07
# neighbour: good__compact_loop.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        *hidden, last = self.features
        for size in hidden:
            x = nn.relu(nn.Dense(size)(x))
        return nn.Dense(last)(x)


store = {}


def init_params(key, sample):
    store["params"] = Net((32, 10)).init(key, sample)
    return store["params"]


def forward(params, x):
    return Net((32, 10)).apply(store["params"], x)


def count_params(params):
    sizes = jax.tree.map(jnp.size, params)
    return jax.tree.reduce(lambda a, b: a + b, sizes)


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
        d = x.shape[-1]
        scale = self.param("scale", nn.initializers.ones_init(), (d,))
        shift = self.param("shift", nn.initializers.zeros_init(), (d,))
        return shift + x * scale
