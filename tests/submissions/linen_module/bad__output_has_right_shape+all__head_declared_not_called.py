# setup declares the output layer, and __call__ forgets it: no error, the hidden numbers come out and the layer
# has no parameters.
# misconception: L19
# neighbour: good__setup_with_a_list.py
from typing import Sequence

from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    def setup(self):
        self.hidden = [nn.Dense(size) for size in self.features[:-1]]
        self.head = nn.Dense(self.features[-1])

    def __call__(self, x):
        for layer in self.hidden:
            x = nn.relu(layer(x))
        return x


def init_params(key, sample):
    return Net((32, 10)).init(key, sample)


def forward(params, x):
    return Net((32, 10)).apply(params, x)


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
