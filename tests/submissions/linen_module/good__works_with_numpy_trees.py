# The tree functions turn every leaf into NumPy first; the returned leaves are NumPy arrays of the same dtype.
from collections.abc import Sequence

import jax
import numpy as np
from flax import linen as nn
from flax.traverse_util import flatten_dict, unflatten_dict


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        last = len(self.features) - 1
        for i, size in enumerate(self.features):
            x = nn.Dense(features=size, name=f"layer_{i}")(x)
            if i < last:
                x = jax.nn.relu(x)
        return x


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


def count_params(params):
    flat = flatten_dict(params, sep="/")
    return sum(np.asarray(leaf).size for leaf in flat.values())


def scale_params(params, factor):
    def scale(leaf):
        a = np.asarray(leaf)
        return (a.astype(np.float32) * factor).astype(a.dtype)

    return jax.tree.map(scale, params)


def zero_biases(params):
    flat = flatten_dict(params, sep="/")
    new = {path: np.zeros_like(leaf) if path.split("/")[-1] == "bias" else leaf for path, leaf in flat.items()}
    return unflatten_dict(new, sep="/")


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        scale = self.param("scale", nn.initializers.ones, (x.shape[-1],))
        shift = self.param("shift", nn.initializers.zeros, (x.shape[-1],))
        return x * scale + shift
