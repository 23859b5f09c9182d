# Draws the kernels in __call__ from a constant key and declares only the biases: the kernels are no parameters.
# misconception: L17, R02
# neighbour: good__einsum_layers.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for i, size in enumerate(self.features):
            kernel = 0.1 * jax.random.normal(jax.random.key(i), (x.shape[-1], size))
            bias = self.param(f"bias{i}", nn.initializers.zeros, (size,))
            x = x @ kernel + bias
            if i < len(self.features) - 1:
                x = nn.relu(x)
        return x


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


def count_params(params):
    sizes = jax.tree.map(jnp.size, params)
    return jax.tree.reduce(lambda a, b: a + b, sizes)


def scale_params(params, factor):
    return jax.tree.map(lambda leaf: leaf * factor, params)


def zero_biases(params):
    def zero(path, leaf):
        return jnp.zeros_like(leaf) if path[-1].key == "bias" else leaf

    return jax.tree_util.tree_map_with_path(zero, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        d = x.shape[-1]
        scale = self.param("scale", nn.initializers.ones_init(), (d,))
        shift = self.param("shift", nn.initializers.zeros_init(), (d,))
        return shift + x * scale
