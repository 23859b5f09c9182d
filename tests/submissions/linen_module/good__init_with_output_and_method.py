# Uses the longer forms of init and apply: init_with_output, and the method by name.
# needs: optax>=0.2.5
from collections.abc import Sequence

import jax
import optax
from flax import linen as nn


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


net = Net((32, 10))


def init_params(key, sample):
    _, variables = net.init_with_output(key, sample)
    return variables


def forward(params, x):
    return net.apply(params, x, method="__call__")


def count_params(params):
    return int(sum(jax.tree.leaves(jax.tree.map(lambda leaf: leaf.size, params))))


def scale_params(params, factor):
    return optax.tree_utils.tree_scale(factor, params)


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
