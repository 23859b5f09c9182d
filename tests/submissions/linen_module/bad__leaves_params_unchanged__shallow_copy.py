# Copies the outer dict and thinks that is enough: the inner dicts are still those of the caller.
# misconception: C09
# neighbour: good__copies_then_writes.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for i, size in enumerate(self.features):
            x = nn.Dense(size)(x)
            if i < len(self.features) - 1:
                x = nn.relu(x)
        return x


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)["params"]


def forward(params, x):
    return Net((32, 10)).apply({"params": params}, x)


def count_params(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def scale_params(params, factor):
    new = params.copy()

    def scale_inside(node):
        for name, value in node.items():
            if isinstance(value, dict):
                scale_inside(value)
            else:
                node[name] = (value * factor).astype(value.dtype)

    scale_inside(new)
    return new


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
