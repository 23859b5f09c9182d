# Copies the whole dict first and writes into its own copy: in place, and still not a change of what was given.
import copy
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        *hidden, last = self.features
        for size in hidden:
            x = nn.relu(nn.Dense(size)(x))
        return nn.Dense(last)(x)


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


def count_params(params):
    stack, total = [params], 0
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            stack += node.values()
        else:
            total += node.size
    return total


def scale_params(params, factor):
    new = copy.deepcopy(params)

    def scale(node):
        for name in node:
            if isinstance(node[name], dict):
                scale(node[name])
            else:
                node[name] = node[name] * factor

    scale(new)
    return new


def zero_biases(params):
    new = jax.tree.map(lambda leaf: leaf, params)
    stack = [new]
    while stack:
        node = stack.pop()
        for name, value in node.items():
            if isinstance(value, dict):
                stack.append(value)
            elif name == "bias":
                node[name] = jnp.asarray(value).at[...].set(0)
    return new


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        d = x.shape[-1]
        scale = self.param("scale", nn.initializers.ones_init(), (d,))
        shift = self.param("shift", nn.initializers.zeros_init(), (d,))
        return shift + x * scale
