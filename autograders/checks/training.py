"""References for a training step in NumPy: cross-entropy, its gradient through an MLP, and Adam."""

import numpy as np

from autograders.checks.dense import Layers, mlp, relu
from autograders.checks.failure import Failure

ADAM = {"rate": 3e-3, "b1": 0.9, "b2": 0.999, "eps": 1e-8}  # optax.adam(3e-3): Kingma and Ba 2015, algorithm 1


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


def other_update(
    got: list[np.ndarray],
    want: list[np.ndarray],
    grads: list[np.ndarray],
    number: int,
    off: float,
    lost: float,
    near: float,
) -> Failure:
    """Says what the step did instead, where that can be told."""
    said = (
        f"in step {number}, the parameters moved by something that is {off:.2g} of an update away from what Adam gives."
    )
    why = "A step is: gradient of the loss, `tx.update` with the optimizer state of the step before, `apply_updates`."
    if not any(np.any(g) for g in got):
        why, hint = (
            "The gradient is computed, but the new parameters are not returned.",
            "Return the state that holds the new parameters.",
        )
        return Failure(f"in step {number}, the parameters did not change at all.", why, hint, "P02")
    if distance(got, [-w for w in want]) <= 10 * near:
        hint = "`optax.apply_updates(params, updates)` adds; the minus sign is in the updates already."
        return Failure("the parameters move up the gradient: the loss rises.", why, hint, "P07")
    if number > 1 and lost <= near:
        said = f"step {number} was done with a fresh optimizer state: what Adam learnt in the steps before is lost."
        return Failure(
            said, why, "Return the new optimizer state within the state, and use it in the next step.", "P04"
        )
    if distance(got, [2 * w for w in want]) <= 10 * near:
        return Failure(f"in step {number}, the update was applied twice.", why, "Apply each update once.", "")
    if distance(got, grads) <= near or distance(got, [-g for g in grads]) <= near:
        return Failure(
            "the raw gradient was applied, not the update of the optimizer.", why, "Call `tx.update` first.", "P06"
        )
    return Failure(
        said, why, "Use the given `tx`, once in each step, and the gradient of your `loss_fn` on this batch.", ""
    )
