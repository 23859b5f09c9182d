# nn.Sequential of blocks, each an nn.Sequential of a layer and nn.relu; `features` may be a list as well.
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        blocks = [nn.Sequential([nn.Dense(size), nn.relu]) for size in self.features[:-1]]
        return nn.Sequential([*blocks, nn.Dense(self.features[-1])])(x)


def init_params(key, sample):
    return Net([32, 10]).init(key, sample)


def forward(params, x):
    return Net([32, 10]).apply(params, x)


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
    mask = jax.tree_util.tree_map_with_path(lambda path, _: path[-1].key == "bias", params)
    return jax.tree.map(lambda leaf, bias: jnp.zeros_like(leaf) if bias else leaf, params, mask)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        shape = x.shape[-1:]
        y = x * self.param("scale", nn.initializers.ones, shape)
        return y + self.param("shift", nn.initializers.zeros, shape)
