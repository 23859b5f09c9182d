# nn.Sequential does the chaining, with nn.relu put between the layers; flatten_dict does the trees.
from typing import Sequence

import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from flax.traverse_util import flatten_dict, unflatten_dict


class Net(nn.Module):
    features: Sequence[int]

    def setup(self):
        layers = []
        for size in self.features:
            layers += [nn.Dense(size), nn.relu]
        self.mlp = nn.Sequential(layers[:-1])

    def __call__(self, x):
        return self.mlp(x)


def make_net():
    return Net(features=[32, 10])


def init_params(key, sample):
    variables = make_net().init({"params": key}, sample)
    return variables.pop("params")


def forward(params, x):
    return make_net().apply(dict(params=params), x)


def count_params(params):
    return int(sum(np.prod(np.shape(leaf), dtype=int) for leaf in flatten_dict(params).values()))


def scale_params(params, factor):
    flat = flatten_dict(params)
    return unflatten_dict({path: jnp.asarray(leaf) * factor for path, leaf in flat.items()})


def zero_biases(params):
    flat = flatten_dict(params)
    return unflatten_dict({path: jnp.zeros_like(leaf) if path[-1] == "bias" else leaf for path, leaf in flat.items()})


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        scale = self.param("scale", nn.initializers.ones, (x.shape[-1],))
        shift = self.param("shift", nn.initializers.zeros, (x.shape[-1],))
        return x * scale + shift
