# Names every dtype it could name: computation and parameters in float32.
from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]
    dtype: Any = jnp.float32
    param_dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x):
        dense = partial(nn.Dense, dtype=self.dtype, param_dtype=self.param_dtype)
        for size in self.features[:-1]:
            x = nn.relu(dense(size)(x))
        return dense(self.features[-1])(x)


model = Net((32, 10))


def init_params(key, sample):
    variables = model.init(key, sample)
    return variables["params"]


def forward(params, x):
    return model.apply({"params": params}, x)


def count_params(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def scale_params(params, factor):
    return jax.tree.map(lambda w: jnp.multiply(w, jnp.asarray(factor, w.dtype)), params)


def zero_biases(params):
    def visit(path, w):
        name = jax.tree_util.keystr(path[-1:], simple=True)
        return jnp.full(w.shape, 0, dtype=w.dtype) if name == "bias" else w

    return jax.tree_util.tree_map_with_path(visit, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        shape = x.shape[-1:]
        y = x * self.param("scale", nn.initializers.ones, shape)
        return y + self.param("shift", nn.initializers.zeros, shape)
