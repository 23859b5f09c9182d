# Subclasses nn.Dense with the initialiser it likes, and works on whole variables that FrozenDict keeps from being
# written to.
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax.core import freeze


class Linear(nn.Dense):
    kernel_init: Callable = nn.initializers.xavier_uniform()


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for size in self.features[:-1]:
            x = nn.relu(Linear(size)(x))
        return Linear(self.features[-1])(x)


def init_params(key, sample):
    return freeze(Net((32, 10)).init(key, sample)["params"])


def forward(params, x):
    return Net((32, 10)).apply({"params": params}, x)


def count_params(params):
    sizes = jax.tree.map(jnp.size, params)
    return jax.tree.reduce(lambda a, b: a + b, sizes)


def scale_params(params, factor):
    return jax.tree.map(lambda leaf: leaf * factor, params)


def zero_biases(params):
    zeroed = {}
    for name, value in params.items():
        if isinstance(value, dict):
            zeroed[name] = zero_biases(value)
        else:
            zeroed[name] = value * 0 if name == "bias" else value
    return zeroed


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        d = x.shape[-1]
        scale = self.param("scale", nn.initializers.ones_init(), (d,))
        shift = self.param("shift", nn.initializers.zeros_init(), (d,))
        return shift + x * scale
