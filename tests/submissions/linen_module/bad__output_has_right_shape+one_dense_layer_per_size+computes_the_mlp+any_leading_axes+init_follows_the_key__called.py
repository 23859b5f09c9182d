# nn.Dense(x, size), as if it were a function: that makes a module and never calls it; init gives no
# parameters at all.
# misconception: L13
# neighbour: good__constructors_inside_out.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for size in self.features[:-1]:
            x = nn.relu(nn.Dense(size)(x))
        return nn.Dense(x, self.features[-1])


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


def count_params(params):
    if isinstance(params, dict):
        return sum(count_params(child) for child in params.values())
    return params.size


def scale_params(params, factor):
    if isinstance(params, dict):
        return {name: scale_params(child, factor) for name, child in params.items()}
    return jnp.asarray(params * factor, dtype=params.dtype)


def zero_biases(params):
    new = {}
    for name, child in params.items():
        if isinstance(child, dict):
            new[name] = zero_biases(child)
        elif name == "bias":
            new[name] = jnp.zeros_like(child)
        else:
            new[name] = child
    return new


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        scale = self.param("scale", nn.initializers.ones, (x.shape[-1],))
        shift = self.param("shift", nn.initializers.zeros, (x.shape[-1],))
        return x * scale + shift
