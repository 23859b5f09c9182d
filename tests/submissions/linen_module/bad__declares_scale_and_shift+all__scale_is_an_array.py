# Declares shift and makes scale an array of ones.
# misconception: L17
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


model = Net((32, 10))


def init_params(key, sample):
    variables = model.init(key, sample)
    return variables["params"]


def forward(params, x):
    return model.apply({"params": params}, x)


def count_params(params):
    sizes = jax.tree.map(jnp.size, params)
    return jax.tree.reduce(lambda a, b: a + b, sizes)


def scale_params(params, factor):
    scaled = {}
    for name, value in params.items():
        scaled[name] = scale_params(value, factor) if isinstance(value, dict) else value * factor
    return scaled


def zero_biases(params):
    def zero(path, leaf):
        return jnp.zeros_like(leaf) if path[-1].key == "bias" else leaf

    return jax.tree_util.tree_map_with_path(zero, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        d = x.shape[-1]
        scale = jnp.ones((d,), x.dtype)
        shift = self.param("shift", nn.initializers.zeros, (d,))
        return x * scale + shift
