# Makes the module a static argument, which works for Net((32, 10)) and not for Net([32, 10]): a list has no hash.
# misconception: J11, L09
# neighbour: good__sequential_of_pairs.py
from functools import partial
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


@partial(jax.jit, static_argnums=0)
def run(net, params, x):
    return net.apply(params, x)


def init_params(key, sample):
    return Net([32, 10]).init(key, sample)


def forward(params, x):
    return run(Net([32, 10]), params, x)


def count_params(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def scale_params(params, factor):
    scaled = {}
    for name, value in params.items():
        scaled[name] = scale_params(value, factor) if isinstance(value, dict) else value * factor
    return scaled


def zero_biases(params):
    def zero(path, leaf):
        return jnp.zeros_like(leaf) if path[-1].key == "bias" else leaf

    return jax.tree_util.tree_map_with_path(zero, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        shape = x.shape[-1:]
        y = x * self.param("scale", nn.initializers.ones, shape)
        return y + self.param("shift", nn.initializers.zeros, shape)
