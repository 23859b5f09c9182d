# Wraps its layers in nn.remat and itself in nn.jit, as large models do to save memory; what is computed is the
# same.
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax.flatten_util import ravel_pytree


@nn.jit
class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        Layer = nn.remat(nn.Dense)
        for size in self.features[:-1]:
            x = nn.relu(Layer(size)(x))
        return nn.Dense(self.features[-1])(x)


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


def count_params(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def scale_params(params, factor):
    vector, unravel = ravel_pytree(jax.tree.map(jnp.asarray, params))
    return jax.tree.map(lambda new, old: new.astype(old.dtype), unravel(vector * factor), params)


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
        shape = x.shape[-1:]
        y = x * self.param("scale", nn.initializers.ones, shape)
        return y + self.param("shift", nn.initializers.zeros, shape)
