# Flattens all leading axes into one, works on a plain matrix and restores the shape at the end; params is a
# tuple of leaves.
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        batch = x.shape[:-1]
        x = x.reshape((-1, x.shape[-1]))
        for size in self.features[:-1]:
            x = nn.Dense(size)(x)
            x = x * (x > 0)
        x = nn.Dense(self.features[-1])(x)
        return x.reshape((*batch, self.features[-1]))


net = Net((32, 10))


def init_params(key, sample):
    return tuple(jax.tree.leaves(net.init(key, sample)))


def forward(params, x):
    shapes = jax.eval_shape(net.init, jax.random.key(0), x)
    variables = jax.tree.unflatten(jax.tree.structure(shapes), params)
    return net.apply(variables, x)


def count_params(params):
    if isinstance(params, dict):
        return sum(count_params(child) for child in params.values())
    return params.size


def scale_params(params, factor):
    if isinstance(params, dict):
        return {name: scale_params(child, factor) for name, child in params.items()}
    return jnp.asarray(params * factor, dtype=params.dtype)


def zero_biases(params):
    new = {}
    for name, child in params.items():
        if isinstance(child, dict):
            new[name] = zero_biases(child)
        elif name == "bias":
            new[name] = jnp.zeros_like(child)
        else:
            new[name] = child
    return new


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        scale = self.param("scale", nn.initializers.ones, x.shape[-1])
        shift = self.param("shift", nn.initializers.zeros, x.shape[-1])
        return x * scale + shift
