# Layers with explicit names, orthogonal kernels and small constant biases; a second method, and fields with
# defaults.
from typing import Any, Callable, Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]
    activation: Callable = nn.relu

    @nn.compact
    def __call__(self, x, *, train: bool = False):
        *hidden, last = self.features
        for i, size in enumerate(hidden):
            x = nn.Dense(
                size,
                kernel_init=nn.initializers.orthogonal(2**0.5),
                bias_init=nn.initializers.constant(0.01),
                name=f"fc{i + 1}",
            )(x)
            x = self.activation(x)
        return nn.Dense(last, kernel_init=nn.initializers.orthogonal(0.01), name="out")(x)

    def probabilities(self, x):
        return nn.softmax(self(x))


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


def count_params(params):
    total = 0
    for leaf in jax.tree.leaves(params):
        n = 1
        for length in leaf.shape:
            n *= length
        total += n
    return total


def scale_params(params, factor):
    return jax.tree.map(lambda leaf: jnp.asarray(leaf) * jnp.asarray(factor, leaf.dtype), params)


def zero_biases(params):
    return {
        name: zero_biases(value) if isinstance(value, dict) else (value - value if name == "bias" else value)
        for name, value in params.items()
    }


class Affine(nn.Module):
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x):
        shape = x.shape[-1:]
        scale = self.param("scale", nn.initializers.constant(1.0), shape, self.dtype)
        shift = self.param("shift", nn.initializers.constant(0.0), shape, self.dtype)
        return scale * x + shift
