# Writes its own dense layer with self.param, under other parameter names and with another initialiser.
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Linear(nn.Module):
    out: int

    @nn.compact
    def __call__(self, x):
        W = self.param("W", nn.initializers.he_normal(), (x.shape[-1], self.out))
        b = self.param("b", nn.initializers.zeros, (self.out,))
        return jnp.dot(x, W) + b


class Net(nn.Module):
    features: Sequence[int]

    def setup(self):
        self.hidden = [Linear(size) for size in self.features[:-1]]
        self.head = Linear(self.features[-1])

    def __call__(self, x):
        for layer in self.hidden:
            x = layer(x)
            x = jnp.where(x > 0, x, 0)
        return self.head(x)


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)["params"]


def forward(params, x):
    return Net((32, 10)).apply({"params": params}, x)


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
        d = x.shape[-1]
        scale = self.param("scale", lambda _: jnp.ones(d))
        shift = self.param("shift", lambda _: jnp.zeros(d))
        return jnp.multiply(x, scale) + shift
