# The activation is a field with a name, as configuration files give it; the output size is split off in a
# property.
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]
    activation: str = "relu"

    @property
    def hidden(self):
        return tuple(self.features)[:-1]

    @nn.compact
    def __call__(self, x):
        activate = getattr(nn, self.activation)
        for size in self.hidden:
            x = activate(nn.Dense(size)(x))
        return nn.Dense(self.features[-1])(x)


class Model:
    """Bundles the two functions, as trainers do; keeps no parameters."""

    net = Net((32, 10))

    def init(self, key, sample):
        return {"variables": self.net.init(key, sample)}

    def __call__(self, params, x):
        return self.net.apply(params["variables"], x)


init_params = Model().init
forward = Model()


def count_params(params):
    total = 0
    for value in params.values():
        total += count_params(value) if isinstance(value, dict) else value.size
    return total


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
