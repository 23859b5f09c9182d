"""References for a training step in NumPy: cross-entropy, its gradient through an MLP, and Adam."""

import numpy as np

from autograders.checks.dense import Layers, mlp, relu

ADAM = {"rate": 3e-3, "b1": 0.9, "b2": 0.999, "eps": 1e-8}  # optax.adam(3e-3): Kingma and Ba 2015, algorithm 1
POINTS_ALONG = 0.2  # cosine; two random directions among 4,810 numbers stay below 0.1


def cross_entropies(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The cross-entropy of each row in float64, finite for any finite logits."""
    logits = np.asarray(logits, np.float64)
    top = logits.max(-1, keepdims=True)
    normalisers = top[:, 0] + np.log(np.exp(logits - top).sum(-1))
    return normalisers - logits[np.arange(len(labels)), labels]


def loss(layers: Layers, batch: dict[str, np.ndarray]) -> float:
    """The mean cross-entropy of an MLP on a batch of images and labels."""
    return float(cross_entropies(mlp(layers, batch["image"]), batch["label"]).mean())


def gradient(layers: Layers, batch: dict[str, np.ndarray]) -> Layers:
    """The gradient of `loss` for each (kernel, bias), by backpropagation."""
    inputs = [np.asarray(batch["image"], np.float64)]
    for kernel, bias in layers[:-1]:
        inputs.append(relu(inputs[-1] @ kernel.astype(np.float64) + bias))
    logits = inputs[-1] @ layers[-1][0].astype(np.float64) + layers[-1][1]
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    delta = shifted / shifted.sum(-1, keepdims=True)
    delta[np.arange(len(batch["label"])), batch["label"]] -= 1
    delta /= len(batch["label"])
    found: Layers = []
    for (kernel, _), x in zip(reversed(layers), reversed(inputs), strict=True):
        found.append((x.T @ delta, delta.sum(0)))
        delta = (delta @ kernel.T.astype(np.float64)) * (x > 0)
    return found[::-1]


class Adam:
    """The updates that Adam gives for one gradient after another."""

    def __init__(self) -> None:
        self.steps, self.means, self.squares = 0, 0.0, 0.0

    def update(self, grads: list[np.ndarray]) -> list[np.ndarray]:
        """What is added to each leaf."""
        flat = np.concatenate([np.ravel(g).astype(np.float64) for g in grads])
        b1, b2 = ADAM["b1"], ADAM["b2"]
        self.steps += 1
        self.means = b1 * self.means + (1 - b1) * flat
        self.squares = b2 * self.squares + (1 - b2) * flat**2
        mean, square = self.means / (1 - b1**self.steps), self.squares / (1 - b2**self.steps)
        step = -ADAM["rate"] * mean / (np.sqrt(square) + ADAM["eps"])
        ends = np.cumsum([g.size for g in grads])[:-1]
        return [part.reshape(g.shape) for part, g in zip(np.split(step, ends), grads, strict=True)]


def distance(got: list[np.ndarray], want: list[np.ndarray]) -> float:
    """How far two lists of leaves are apart, relative to the length of `want`; infinite for other shapes or no numbers."""
    if [getattr(x, "shape", None) for x in got] != [x.shape for x in want]:
        return np.inf
    a = np.concatenate([np.ravel(x).astype(np.float64) for x in got])
    b = np.concatenate([np.ravel(x).astype(np.float64) for x in want])
    if not np.all(np.isfinite(a)):
        return np.inf
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-12))


def along(rest: list[np.ndarray], direction: list[np.ndarray]) -> float:
    """How many times a direction fits into what is left over; 0 unless a good part of that points along it.

    Rounding points anywhere, so over thousands of parameters it has hardly a part along any one direction.
    """
    a, b = (np.concatenate([np.ravel(x).astype(np.float64) for x in leaves]) for leaves in (rest, direction))
    product, size = float(a @ b), float(np.linalg.norm(a) * np.linalg.norm(b))
    return product / float(b @ b) if size and abs(product) >= POINTS_ALONG * size else 0.0
