# Freezes the result so that nobody changes it: to JAX a FrozenDict is another tree than a dict.
# misconception: T05
# neighbour: good__frozen_dict_and_legacy_key.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax.core import freeze


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
    total = 0
    for value in params.values():
        total += count_params(value) if isinstance(value, dict) else value.size
    return total


def scale_params(params, factor):
    return freeze(jax.tree.map(lambda leaf: leaf * factor, params))


def zero_biases(params):
    def zero(path, leaf):
        return jnp.zeros_like(leaf) if path[-1].key == "bias" else leaf

    return jax.tree_util.tree_map_with_path(zero, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        scale = self.param("scale", nn.initializers.ones, (x.shape[-1],))
        shift = self.param("shift", nn.initializers.zeros, (x.shape[-1],))
        return x * scale + shift
