# The layers are composed first and called last, so the automatic names run from the output inwards (Dense_0
# is the last layer).
from typing import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        layers = [nn.Dense(size) for size in reversed(self.features)][::-1]
        y = layers[0](x)
        for layer in layers[1:]:
            y = layer(jnp.maximum(y, 0.0))
        return y


net = Net((32, 10))


def init_params(key, sample):
    return jax.jit(net.init)(key, sample)


@jax.jit
def forward(params, x):
    return net.apply(params, x)


def count_params(params):
    return jax.tree.reduce(lambda total, leaf: total + leaf.size, params, 0)


def scale_params(params, factor):
    leaves, treedef = jax.tree.flatten(params)
    return jax.tree.unflatten(treedef, [jnp.asarray(leaf) * factor for leaf in leaves])


def zero_biases(params):
    leaves, treedef = jax.tree.flatten_with_path(params)
    new = [leaf * 0 if path[-1] == jax.tree_util.DictKey("bias") else leaf for path, leaf in leaves]
    return jax.tree.unflatten(treedef, new)


class Affine(nn.Module):
    @nn.compact
    def __call__(self, x):
        shift = self.param("shift", nn.initializers.zeros_init(), x.shape[-1:])
        scale = self.param("scale", nn.initializers.ones_init(), x.shape[-1:])
        return jnp.einsum("...d,d->...d", x, scale) + shift
