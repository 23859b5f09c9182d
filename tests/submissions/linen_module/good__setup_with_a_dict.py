# setup keeps the layers in a dict by name, as multi-branch models do; trees are rebuilt from flattened leaves.
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    def setup(self):
        self.dense = {f"dense{i}": nn.Dense(size) for i, size in enumerate(self.features)}

    def __call__(self, x):
        for i in range(len(self.features)):
            x = self.dense[f"dense{i}"](x)
            x = x if i + 1 == len(self.features) else nn.relu(x)
        return x


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


def count_params(params):
    leaves, _ = jax.tree.flatten(params)
    return sum(int(np.prod(leaf.shape)) for leaf in leaves)


def scale_params(params, factor):
    leaves, structure = jax.tree.flatten(params)
    return jax.tree.unflatten(structure, [leaf * factor for leaf in leaves])


def zero_biases(params):
    pairs, structure = jax.tree_util.tree_flatten_with_path(params)
    leaves = [jnp.zeros_like(leaf) if path[-1].key == "bias" else leaf for path, leaf in pairs]
    return jax.tree_util.tree_unflatten(structure, leaves)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        shape = x.shape[-1:]
        y = x * self.param("scale", nn.initializers.ones, shape)
        return y + self.param("shift", nn.initializers.zeros, shape)
