# Makes one attribute per layer in setup with setattr, as the tutorials that write linear1, linear2 by hand do,
# for any number of layers. The parameters are a NamedTuple.
from collections.abc import Sequence
from typing import Any, NamedTuple

from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    def setup(self):
        for i, size in enumerate(self.features, 1):
            setattr(self, f"linear{i}", nn.Dense(size))

    def __call__(self, x):
        x = self.linear1(x)
        for i in range(2, len(self.features) + 1):
            x = getattr(self, f"linear{i}")(nn.relu(x))
        return x


class Weights(NamedTuple):
    params: Any


def init_params(key, sample):
    return Weights(**Net((32, 10)).init(key, sample))


def forward(weights, x):
    return Net((32, 10)).apply(weights._asdict(), x)


def count_params(params):
    total = 0
    for value in params.values():
        total += count_params(value) if isinstance(value, dict) else value.size
    return total


def scale_params(params, factor):
    scaled = {}
    for name, value in params.items():
        scaled[name] = scale_params(value, factor) if isinstance(value, dict) else value * factor
    return scaled


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
        d = x.shape[-1]
        scale = self.param("scale", nn.initializers.ones_init(), (d,))
        shift = self.param("shift", nn.initializers.zeros_init(), (d,))
        return shift + x * scale
