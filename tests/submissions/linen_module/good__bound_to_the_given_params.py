# forward binds the module to the parameters that it is given, and calls it: bind is apply for interactive use.
from collections.abc import Sequence

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
    return Net((32, 10)).init({"params": key}, sample)


def forward(params, x):
    bound = Net((32, 10)).bind(params)
    return bound(x)


def count_params(params):
    sizes = jax.tree.map(jnp.size, params)
    return jax.tree.reduce(lambda a, b: a + b, sizes)


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
    def start(self, name, value, x):
        return self.param(name, lambda key, *shape: jnp.full(shape, value), x.shape[-1])

    @nn.compact
    def __call__(self, x):
        return x * self.start("scale", 1.0, x) + self.start("shift", 0.0, x)
