# Takes every one-dimensional leaf for a bias, so the scale of a LayerNorm is zeroed too.
# misconception: none
# neighbour: good__compact_loop.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for size in self.features[:-1]:
            x = nn.relu(nn.Dense(size)(x))
        return nn.Dense(self.features[-1])(x)


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)["params"]


def forward(params, x):
    return Net((32, 10)).apply({"params": params}, x)


def count_params(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def scale_params(params, factor):
    return jax.tree.map(lambda leaf: (leaf * factor).astype(leaf.dtype), params)


def zero_biases(params):
    return jax.tree.map(lambda leaf: jnp.zeros_like(leaf) if leaf.ndim == 1 else leaf, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        scale = self.param("scale", nn.initializers.ones, (x.shape[-1],))
        shift = self.param("shift", nn.initializers.zeros, (x.shape[-1],))
        return x * scale + shift
