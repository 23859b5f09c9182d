# Hands self.param the initial array instead of a function of key and shape.
# misconception: L18
# neighbour: good__setup_with_a_list.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    def setup(self):
        self.layers = [nn.Dense(size) for size in self.features]

    def __call__(self, x):
        for layer in self.layers[:-1]:
            x = nn.relu(layer(x))
        return self.layers[-1](x)


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)["params"]


def forward(params, x):
    return Net((32, 10)).apply({"params": params}, x)


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
        scale = self.param("scale", jnp.ones(x.shape[-1]))
        shift = self.param("shift", jnp.zeros(x.shape[-1]))
        return x * scale + shift
