# A block module of its own for each hidden layer, DenseGeneral for the rest, so the parameters are nested one
# level deeper.
from typing import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax.flatten_util import ravel_pytree


class Block(nn.Module):
    size: int

    @nn.compact
    def __call__(self, x):
        return nn.relu(nn.DenseGeneral(self.size, axis=-1)(x))


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        sizes = list(self.features)
        head = sizes.pop()
        for size in sizes:
            x = Block(size)(x)
        return nn.DenseGeneral(head)(x)


model = Net(features=(32, 10))


def init_params(key, sample):
    params_key, _ = jax.random.split(key)
    return model.init(params_key, jnp.zeros_like(sample))


def forward(params, x):
    y, _ = model.apply(params, x, mutable=["batch_stats"])
    return y


def count_params(params):
    flat, _ = ravel_pytree(jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), params))
    return flat.size


def scale_params(params, factor):
    def scaled(leaf):
        if isinstance(leaf, np.ndarray):
            return (leaf * factor).astype(leaf.dtype)
        return leaf * factor

    return jax.tree.map(scaled, params)


def zero_biases(params):
    def walk(node, key):
        if isinstance(node, dict):
            return {k: walk(v, k) for k, v in node.items()}
        return np.zeros(node.shape, node.dtype) if key == "bias" else node

    return walk(params, None)


def init_ones(key, shape, dtype=jnp.float32):
    return jnp.ones(shape, dtype)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        *_, d = x.shape
        return self.scaled(x, d) + self.param("shift", nn.initializers.zeros, (d,))

    def scaled(self, x, d):
        return x * self.param("scale", init_ones, (d,))
