# Keeps all parameters as one vector (ravel_pytree), as those do who hand them to an optimizer of another library.
import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax.flatten_util import ravel_pytree


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        *hidden, last = self.features
        for size in hidden:
            x = nn.relu(nn.Dense(size)(x))
        return nn.Dense(last)(x)


net = Net((32, 10))


def init_params(key, sample):
    return ravel_pytree(net.init(key, sample))[0]


def forward(params, x):
    like = jax.tree.map(jnp.zeros_like, jax.eval_shape(net.init, jax.random.key(0), x))
    _, unravel = ravel_pytree(like)
    return net.apply(unravel(params), x)


def count_params(params):
    return jax.tree_util.tree_reduce(lambda n, leaf: n + math.prod(leaf.shape), params, 0)


def scale_params(params, factor):
    return jax.tree.map(lambda leaf: leaf * factor, params)


def zero_biases(params):
    def is_bias(path):
        return path[-1] == jax.tree_util.DictKey("bias")

    return jax.tree_util.tree_map_with_path(lambda p, w: jnp.zeros(w.shape, w.dtype) if is_bias(p) else w, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        scale = self.param("scale", nn.initializers.ones, (x.shape[-1],))
        shift = self.param("shift", nn.initializers.zeros, (x.shape[-1],))
        return x * scale + shift
