# Keeps the two parameters on self in __call__.
# misconception: L04
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
    def is_bias(path):
        return path[-1] == jax.tree_util.DictKey("bias")

    return jax.tree_util.tree_map_with_path(lambda p, w: jnp.zeros(w.shape, w.dtype) if is_bias(p) else w, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        self.scale = self.param("scale", nn.initializers.ones, (x.shape[-1],))
        self.shift = self.param("shift", nn.initializers.zeros, (x.shape[-1],))
        return x * self.scale + self.shift
