# Folds the input through a list of functions, as functional programmers write it; partial application for init
# and apply.
from collections.abc import Sequence
from functools import reduce

import jax
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        steps = [nn.Dense(self.features[0])]
        for size in self.features[1:]:
            steps += [nn.relu, nn.Dense(size)]
        return reduce(lambda h, step: step(h), steps, x)


net = Net((32, 10))
init_params = net.init
forward = net.apply


def count_params(params):
    return reduce(lambda total, leaf: total + leaf.size, jax.tree.leaves(params), 0)


def scale_params(params, factor):
    return jax.tree.map(lambda leaf: leaf * factor, params)


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
