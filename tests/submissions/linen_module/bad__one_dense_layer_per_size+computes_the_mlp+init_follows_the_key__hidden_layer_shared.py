# Makes a hidden layer once and uses it for all middle sizes where they agree: right for the sizes of the
# exercise, one layer for several with others.
# misconception: L20
# neighbour: good__compact_loop.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        layer = None
        for i, size in enumerate(self.features):
            if layer is None or layer.features != size or x.shape[-1] != size:
                layer = nn.Dense(size)
            x = layer(x)
            if i < len(self.features) - 1:
                x = nn.relu(x)
        return x


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


def count_params(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def scale_params(params, factor):
    scaled = {}
    for name, value in params.items():
        scaled[name] = scale_params(value, factor) if isinstance(value, dict) else value * factor
    return scaled


def zero_biases(params):
    def is_bias(path):
        return path[-1] == jax.tree_util.DictKey("bias")

    return jax.tree_util.tree_map_with_path(lambda p, w: jnp.zeros(w.shape, w.dtype) if is_bias(p) else w, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        shape = x.shape[-1:]
        y = x * self.param("scale", nn.initializers.ones, shape)
        return y + self.param("shift", nn.initializers.zeros, shape)
