# Calls the parameters weight and bias, as PyTorch's layers do.
# misconception: none
# neighbour: good__compact_loop.py
from typing import Sequence

from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    def setup(self):
        self.layers = [nn.Dense(size) for size in self.features]

    def __call__(self, x):
        x = self.layers[0](x)
        for layer in self.layers[1:]:
            x = layer(nn.relu(x))
        return x


model = Net((32, 10))


def init_params(key, sample):
    variables = model.init(key, sample)
    return variables["params"]


def forward(params, x):
    return model.apply({"params": params}, x)


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
        weight = self.param("weight", nn.initializers.ones, (x.shape[-1],))
        bias = self.param("bias", nn.initializers.zeros, (x.shape[-1],))
        return x * weight + bias
