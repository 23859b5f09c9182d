# setup declares a layer of every size, but __call__ only uses the first and the last one.
# misconception: L19
# neighbour: good__compact_loop.py
from functools import partial
from typing import Any, Sequence
import jax, jax.numpy as jnp
import numpy as np
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    def setup(self):
        self.layers = [nn.Dense(f) for f in self.features]

    def __call__(self, x):
        x = self.layers[0](x)
        if len(self.features) > 1:
            x = nn.relu(x)
            x = self.layers[-1](x)
        return x


net = Net((32, 10))


def init_params(key: jax.Array, sample: jax.Array) -> Any:
    # whole variables dict
    return net.init(key, sample)


def forward(params: Any, x: jax.Array) -> jax.Array:
    return net.apply(params, x)


def count_params(params: dict) -> int:
    n = 0
    for leaf in jax.tree.leaves(params):
        n += int(np.prod(leaf.shape))
    return n


def scale_params(params: dict, factor: float) -> dict:
    new = {}
    for k, v in params.items():
        new[k] = scale_params(v, factor) if isinstance(v, dict) else jnp.asarray(v) * factor
    return new


def zero_biases(params: dict) -> dict:
    new = {}
    for k, v in params.items():
        if isinstance(v, dict):
            new[k] = zero_biases(v)
        elif k == "bias":
            new[k] = jnp.zeros_like(v)
        else:
            new[k] = v
    return new


class Affine(nn.Module):
    """y = x * scale + shift"""

    @nn.compact
    def __call__(self, x):
        d = x.shape[-1]
        scale = self.param("scale", lambda key, shape: jnp.ones(shape), (d,))
        shift = self.param("shift", lambda key, shape: jnp.zeros(shape), (d,))
        y = x * scale + shift
        return y
