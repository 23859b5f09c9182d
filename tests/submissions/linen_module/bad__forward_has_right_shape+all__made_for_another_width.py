# Makes the parameters for 64 inputs, as in the examples, whatever the sample is.
# misconception: L11
# neighbour: good__jitted_init_and_apply.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    def setup(self):
        self.layers = [nn.Dense(size) for size in self.features]

    def __call__(self, x):
        x = self.layers[0](x)
        for layer in self.layers[1:]:
            x = layer(nn.relu(x))
        return x


def init_params(key, sample):
    return Net((32, 10)).init(key, jnp.ones((1, 64)))


def forward(params, x):
    return Net((32, 10)).apply(params, x)


def count_params(params):
    total = 0
    for value in params.values():
        total += count_params(value) if isinstance(value, dict) else value.size
    return total


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
        d = x.shape[-1]
        scale = self.param("scale", nn.initializers.ones_init(), (d,))
        shift = self.param("shift", nn.initializers.zeros_init(), (d,))
        return shift + x * scale
