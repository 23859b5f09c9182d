# Calls apply with mutable=True to be on the safe side, and returns the pair that comes back.
# misconception: M09, M04
# neighbour: good__pop_the_params.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


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
    return Net((32, 10)).init(key, sample)["params"]


def forward(params, x):
    return Net((32, 10)).apply({"params": params}, x, mutable=True)


def count_params(params):
    sizes = jax.tree.map(jnp.size, params)
    return jax.tree.reduce(lambda a, b: a + b, sizes)


def scale_params(params, factor):
    return jax.tree.map(lambda leaf: leaf * factor, params)


def zero_biases(params):
    def is_bias(path):
        return path[-1] == jax.tree_util.DictKey("bias")

    return jax.tree_util.tree_map_with_path(lambda p, w: jnp.zeros(w.shape, w.dtype) if is_bias(p) else w, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        d = x.shape[-1]
        scale = self.param("scale", nn.initializers.ones_init(), (d,))
        shift = self.param("shift", nn.initializers.zeros_init(), (d,))
        return shift + x * scale
