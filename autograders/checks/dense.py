"""What a multilayer perceptron computes, in NumPy: the reference that parameters of a learner's own are put through."""

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from autograders.checks.failure import Failure

ACTIVATIONS = {
    "no activation": lambda h: h,
    "tanh": np.tanh,
    "a sigmoid": lambda h: 1 / (1 + np.exp(-h)),
    "GELU or another smooth look-alike of ReLU": lambda h: (
        0.5 * h * (1 + np.tanh(0.7978845608 * (h + 0.044715 * h**3)))
    ),
}

Layers = list[tuple[np.ndarray, np.ndarray]]


def relu(h: np.ndarray) -> np.ndarray:
    return np.maximum(h, 0)


def mlp(layers: Layers, x: np.ndarray, activation: Callable = relu) -> np.ndarray:
    """x (batch, d) through (kernel, bias) layers, the activation between them and none after the last."""
    h = np.asarray(x, np.float64)
    for i, (kernel, bias) in enumerate(layers):
        h = h @ np.asarray(kernel, np.float64) + np.asarray(bias, np.float64)
        h = activation(h) if i + 1 < len(layers) else h
    return h


def shapes(sizes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The shapes of kernels and biases of dense layers between these sizes."""
    return [shape for d, f in zip(sizes, sizes[1:], strict=False) for shape in ((d, f), (f,))]


def require_dense_layers(
    leaves: list[np.ndarray], sizes: tuple[int, ...], name: str, operations: tuple[str, ...] = ()
) -> None:
    """The leaves are a kernel and a bias for each layer between these sizes, and nothing else.

    `operations` of the network's program tell a bias that is added but no parameter from one that is not there.
    """
    got, want = sorted(leaf.shape for leaf in leaves), sorted(shapes(sizes))
    if got == want:
        return
    reason, misconception = _what_is_missing(Counter(got), Counter(want), "add" in operations)
    if any(got == sorted(shapes(path)) for path in _shortcuts(sizes)):
        reason, misconception = "Some layers are made and never called: they have no part in it, nor parameters.", "L19"
    raise Failure(
        f"{name} has parameters of shapes {got}; dense layers between the sizes {sizes} have {want}.",
        f"Each dense layer has a kernel (in, out) and a bias (out,). {reason}",
        "Make one new dense layer for every size, and call each once, in order.",
        misconception,
    )


def _shortcuts(sizes: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """The ways from the first size that leave some of the others out, where all are different."""
    first, *others = sizes
    for n in range(1, len(others)) if len(set(sizes)) == len(sizes) else ():
        yield from ((first, *path) for path in itertools.combinations(others, n))


def _what_is_missing(got: Counter, want: Counter, adds: bool) -> tuple[str, str]:
    """Why these are not the shapes, as far as they tell, and the misconception behind it."""
    missing, more = want - got, got - want
    kernels, biases = (sum(n for shape, n in missing.items() if len(shape) == axes) for axes in (2, 1))
    if more or not missing:
        return "Here are other layers, or more of them.", ""
    if not got or kernels > biases:
        return "An array that is made in `__call__` is no parameter: it is not in the tree, and cannot learn.", "L17"
    if kernels == biases:
        return "A layer that is called twice has one kernel and one bias for both calls.", "L20"
    if adds:
        return "The biases are added, but are no parameters: an array made in `__call__` cannot learn.", "L17"
    return "The biases are missing.", ""


def layers_of(leaves: list[np.ndarray], sizes: tuple[int, ...]) -> Layers:
    """Leaves as (kernel, bias) layers, found by shape: names are free. The sizes must tell every shape apart.

    One long vector is taken apart as `ravel_pytree` puts Linen's parameters together.
    """
    by_shape = {leaf.shape: leaf for leaf in (unraveled(leaves[0], sizes) if is_raveled(leaves, sizes) else leaves)}
    return [(by_shape[d, f], by_shape[f,]) for d, f in zip(sizes, sizes[1:], strict=False)]


def is_raveled(leaves: list[np.ndarray], sizes: tuple[int, ...]) -> bool:
    """Whether the parameters are one vector of as many numbers as the layers have."""
    return [leaf.shape for leaf in leaves] == [(sum(map(math.prod, shapes(sizes))),)]


def unraveled(vector: np.ndarray, sizes: tuple[int, ...]) -> list[np.ndarray]:
    """The biases and kernels in a vector, layer by layer: of each layer the bias comes first, as in a sorted dict."""
    ordered = [shape for d, f in zip(sizes, sizes[1:], strict=False) for shape in ((f,), (d, f))]
    ends = np.cumsum([math.prod(shape) for shape in ordered])
    return [part.reshape(shape) for part, shape in zip(np.split(vector, ends[:-1]), ordered, strict=True)]


def leaves_like(layers: Layers, leaves: list[np.ndarray]) -> list[np.ndarray]:
    """The layers' arrays in the order, and the form, of these leaves."""
    by_shape = {array.shape: array for layer in layers for array in layer}
    if all(leaf.shape in by_shape for leaf in leaves):
        return [by_shape[leaf.shape] for leaf in leaves]
    return [np.concatenate([array.ravel() for kernel, bias in layers for array in (bias, kernel)])]
