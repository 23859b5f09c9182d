# The initialiser splits a global key at each draw: the same key brings another network each time.
# misconception: R05, C06
# neighbour: good__named_layers_and_own_initialisers.py
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn

rng = jax.random.key(3)


def he_init(key, shape, dtype=jnp.float32):
    global rng
    rng, key = jax.random.split(rng)
    return jax.random.normal(key, shape, dtype) * (2 / shape[0]) ** 0.5


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for size in self.features[:-1]:
            x = nn.relu(nn.Dense(size, kernel_init=he_init)(x))
        return nn.Dense(self.features[-1])(x)


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


def count_params(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def scale_params(params, factor):
    return jax.tree.map(lambda leaf: leaf * factor, params)


def zero_biases(params):
    def is_bias(path):
        return path[-1] == jax.tree_util.DictKey("bias")

    return jax.tree_util.tree_map_with_path(lambda p, w: jnp.zeros(w.shape, w.dtype) if is_bias(p) else w, params)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        d = x.shape[-1]
        scale = self.param("scale", nn.initializers.ones_init(), (d,))
        shift = self.param("shift", nn.initializers.zeros_init(), (d,))
        return shift + x * scale
