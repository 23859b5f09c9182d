# Takes the parameters out of the variables with flax.core.pop, as the documentation does where there are other
# collections.
from collections.abc import Sequence

import flax
import jax
import jax.numpy as jnp
from flax import linen as nn
from flax.traverse_util import path_aware_map


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
    variables = Net((32, 10)).init(key, sample)
    others, params = flax.core.pop(variables, "params")
    assert not others
    return params


def forward(params, x):
    others = {}
    return Net((32, 10)).apply({"params": params, **others}, x)


def count_params(params):
    total = 0
    for value in params.values():
        total += count_params(value) if isinstance(value, dict) else value.size
    return total


def scale_params(params, factor):
    return jax.tree.map(lambda leaf: leaf * factor, params)


def zero_biases(params):
    def visit(path, leaf):
        return jnp.zeros_like(leaf) if path[-1] == "bias" else leaf

    return path_aware_map(visit, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        scale = self.param("scale", nn.initializers.ones, (x.shape[-1],))
        shift = self.param("shift", nn.initializers.zeros, (x.shape[-1],))
        return x * scale + shift
