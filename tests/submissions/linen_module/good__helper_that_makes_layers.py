# A helper function outside the class makes the layers, with initial values of its own; recursion over dicts for
# the trees.
from collections.abc import Sequence

import jax
from flax import linen as nn


def layer(size, last=False):
    start = nn.initializers.variance_scaling(1.0 if last else 2.0, "fan_in", "uniform")
    return nn.Dense(size, kernel_init=start, bias_init=nn.initializers.normal(0.01))


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for i, size in enumerate(self.features):
            last = i + 1 == len(self.features)
            x = layer(size, last)(x)
            if not last:
                x = nn.relu(x)
        return x


model = Net((32, 10))


def init_params(key, sample):
    variables = model.init(key, sample)
    return variables["params"]


def forward(params, x):
    return model.apply({"params": params}, x)


def count_params(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def scale_params(params, factor):
    if not isinstance(params, dict):
        return params * factor
    return {name: scale_params(inner, factor) for name, inner in params.items()}


def zero_biases(params, own_key=None):
    if isinstance(params, dict):
        return {name: zero_biases(inner, name) for name, inner in params.items()}
    return params * 0 if own_key == "bias" else params


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        shape = x.shape[-1:]
        y = x * self.param("scale", nn.initializers.ones, shape)
        return y + self.param("shift", nn.initializers.zeros, shape)
