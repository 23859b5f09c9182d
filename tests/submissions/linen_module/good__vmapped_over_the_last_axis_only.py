# Thinks of one example at a time: forward vmaps a single-example apply over the batch; the params are a
# flax.struct dataclass.
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax import struct


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for i, size in enumerate(self.features):
            x = nn.Dense(size)(x)
            if i < len(self.features) - 1:
                x = nn.relu(x)
        return x


@struct.dataclass
class Weights:
    variables: dict


def init_params(key, sample):
    return Weights(Net((32, 10)).init(key, sample[0]))


def forward(params, x):
    def one(example):
        return Net((32, 10)).apply(params.variables, example)

    return jax.vmap(one)(x)


def count_params(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def scale_params(params, factor):
    return jax.tree.map(lambda leaf: (leaf * factor).astype(leaf.dtype), params)


def zero_biases(params):
    def zero(path, leaf):
        return jnp.zeros_like(leaf) if path[-1].key == "bias" else leaf

    return jax.tree_util.tree_map_with_path(zero, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        size = jnp.shape(x)[-1]
        scale, shift = (
            self.param(name, nn.initializers.constant(value), (size,))
            for name, value in (("scale", 1.0), ("shift", 0.0))
        )
        return x * scale.reshape((1,) * (x.ndim - 1) + (size,)) + shift
