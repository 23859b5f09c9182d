# Keeps the parameters as a FrozenDict and turns the typed key into an old-style one for itself.
from typing import Sequence

import flax
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
    old_style = jax.random.key_data(key)
    return flax.core.freeze(Net((32, 10)).init(old_style, sample))


def forward(params, x):
    logits = Net((32, 10)).apply(params, x)
    return logits


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
