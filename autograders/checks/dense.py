"""What a multilayer perceptron computes, in NumPy: the reference that parameters of a learner's own are put through."""

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


def mlp(layers: Layers, x: np.ndarray, activation=relu) -> np.ndarray:
    """x (batch, d) through (kernel, bias) layers, the activation between them and none after the last."""
    h = np.asarray(x, np.float64)
    for i, (kernel, bias) in enumerate(layers):
        h = h @ np.asarray(kernel, np.float64) + np.asarray(bias, np.float64)
        h = activation(h) if i + 1 < len(layers) else h
    return h


def shapes(sizes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The shapes of kernels and biases of dense layers between these sizes."""
    return [shape for d, f in zip(sizes, sizes[1:], strict=False) for shape in ((d, f), (f,))]


def require_dense_layers(leaves: list[np.ndarray], sizes: tuple[int, ...], name: str) -> None:
    """The leaves are a kernel and a bias for each layer between these sizes, and nothing else."""
    got, want = sorted(leaf.shape for leaf in leaves), sorted(shapes(sizes))
    if got == want:
        return
    kernels, biases = sorted(s for s in want if len(s) == 2), sorted(s for s in want if len(s) == 1)
    missing = not set(biases) <= set(got) and set(kernels) <= set(got)
    raise Failure(
        f"{name} has parameters of shapes {got}; dense layers between the sizes {sizes} have {want}.",
        "Each dense layer has a kernel (in, out) and a bias (out,)."
        + (
            " The biases are no parameters here." if missing else " Parameters come into being where a layer is called."
        ),
        "Call `nn.Dense(size)(x)` once for every size, in order.",
        "L17" if not got or missing else "L20",
    )


def layers_of(leaves: list[np.ndarray], sizes: tuple[int, ...]) -> Layers:
    """Leaves as (kernel, bias) layers, found by shape: names are free. The sizes must tell every shape apart."""
    by_shape = {leaf.shape: leaf for leaf in leaves}
    return [(by_shape[d, f], by_shape[f,]) for d, f in zip(sizes, sizes[1:], strict=False)]
