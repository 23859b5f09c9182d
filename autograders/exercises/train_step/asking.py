"""What the autograder of `train_step` asks a submission again and again: batches, its parameters, its loss, one step."""

import functools
import importlib.util
from pathlib import Path

import numpy as np

from autograders.checks import Failure, dense, purity, training
from autograders.judge.arguments import Key
from autograders.judge.handle import Program, Submission, Undefined
from autograders.judge.values import Value
from autograders.learner.messages import Target

SIZES = (64, 64, 10)
TRAINING, EPOCHS = 1400, 20
BATCH = 64  # that of `fit`, and of most other checks too, so that a step is compiled once

Batch = dict[str, np.ndarray]


@functools.cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """The 1,797 digits of scikit-learn in a fixed order: images (n, 64) float32 in [0, 1], labels (n,) int32.

    Read from its file, for importing scikit-learn takes a second.
    """
    package = Path(importlib.util.find_spec("sklearn").origin).parent
    rows = np.loadtxt(package / "datasets/data/digits.csv.gz", delimiter=",")
    rows = rows[np.random.default_rng(0).permutation(len(rows))]
    return (rows[:, :-1] / 16).astype(np.float32), rows[:, -1].astype(np.int32)


def draw_batch(inputs: np.random.Generator, size: int) -> Batch:
    """So many training images and their labels."""
    images, labels = digits()
    rows = inputs.choice(TRAINING, size, replace=False)
    return {"image": images[rows], "label": labels[rows]}


def rows_of(batch: Batch) -> dict[bytes, int]:
    """The place of each image by its bytes."""
    return {image.tobytes(): place for place, image in enumerate(batch["image"])}


def draw_different(inputs: np.random.Generator, size: int) -> Batch:
    """So many images that are all different."""
    batch = draw_batch(inputs, size + 50)
    kept = sorted(rows_of(batch).values())[:size]
    return {name: rows[kept] for name, rows in batch.items()}


def draw_key(inputs: np.random.Generator) -> Key:
    return Key(int(inputs.integers(2**31)))


def draw_leaves(inputs: np.random.Generator, leaves: list[np.ndarray], scale: float = 1.0) -> list[np.ndarray]:
    """Random parameters in these shapes, of the size that initialisers give."""
    return [(inputs.normal(size=leaf.shape) * scale / 8).astype(np.float32) for leaf in leaves]


def params_of(submission: Submission, state: Value) -> Value:
    """The parameters in a state, as `get_params` gives them; without that function, `state.params`."""
    try:
        return submission.get_params(state)
    except Undefined:
        return state.attribute("params")


def require_net(params: Value, name: str) -> None:
    """The leaves are the parameters of Net((64, 10))."""
    leaves = [leaf for leaf in params.leaves if hasattr(leaf, "shape")]
    if dense.is_raveled(leaves, SIZES):
        return
    widths = [leaf.shape[0] for leaf in leaves if len(leaf.shape) == 2 and leaf.shape[1] == SIZES[1]]
    others = sorted(leaf.shape for leaf in leaves if leaf.shape[1:] != SIZES[1:2])
    if widths != [SIZES[0]] and len(widths) == 1 and others == [(10,), (64,), (64, 10)]:
        raise Failure(
            f"{name} has a first kernel of shape {(widths[0], SIZES[1])}; the images have {SIZES[0]} numbers each.",
            "A dense layer gets its width from the last axis of what it is first applied to.",
            "Make the parameters with an input of the shape that the images have later.",
            "L11",
        )
    dense.require_dense_layers(leaves, SIZES, name)


def require_data(state: Value) -> None:
    """The state holds arrays and numbers, not the model or the optimizer."""
    for path, leaf in zip(state.paths, state.leaves, strict=True):
        kind = getattr(leaf, "kind", "")
        held = {"Net": ("the model", "J15")}.get(kind)
        if kind == "function" and path.endswith((".init", ".update")):
            held = ("the optimizer", "J16")
        if held:
            said = f"the state holds {held[0]} at `{path}`, which jit cannot take."
            why = "A state is a pytree of arrays and numbers; model and optimizer are the same in every step."
            raise Failure(said, why, "Let the functions see them from outside.", held[1])
    purity.jit_takes(state, "the state")


def default_keys(submission: Submission, name: str) -> bool:
    """Whether a function has a random key among its default arguments."""
    try:
        defaults = submission.lookup(Target(name, method="__defaults__"), name)
    except Failure:
        return False
    return any("key" in str(getattr(leaf, "dtype", "")) for part in defaults.described.items for leaf in part.leaves)


def step(submission: Submission, state: Value, batch: Batch, **options: bool) -> tuple[Value, Value, Value]:
    """One step: the new state, the loss, and the whole result with what was observed."""
    try:
        result = submission.train_step(state, batch, **options)
    except Failure as failure:
        raise _leaks(failure, submission, state, batch) from None
    if result.tree == state.tree and len(result.leaves) == len(state.leaves):
        raise Failure(
            "`train_step` returned the state alone; the contract says (state, loss).",
            "The state is a pair itself, so whoever takes two parts gets the halves of the state.",
            "Return the new state and the loss, two things.",
            "C07",
        )
    new, loss = result.unpack("state, loss")
    if len(new.leaves) == 1 and len(loss.leaves) > 1:
        raise Failure(
            "`train_step` returned (loss, state); the contract says (state, loss).",
            "Whoever threads the state takes the first part.",
            "Return the state first, and the loss second.",
            "C23",
        )
    return new, loss, result


def _leaks(failure: Failure, submission: Submission, state: Value, batch: Batch) -> Failure:
    """A traced value that was kept outside and used again: where is it kept?"""
    if failure.raised is None or "UnexpectedTracerError" not in failure.raised.types:
        return failure
    try:
        wrote = submission.train_step.program(state, batch, again=True, watch=True).wrote
    except Failure:
        return failure
    if wrote:
        failure.why, failure.misconception = purity.reason(wrote)
        failure.what = f"`train_step` stores something in {wrote[0].path}, and uses it in the next call."
        failure.hint = "All that the next step needs is part of the state that is returned."
    return failure


class OwnLoss:
    """Value and gradient of the learner's own `loss_fn`, or of the cross-entropy where theirs is no usable loss."""

    def __init__(self, submission: Submission, params: Value, batch: Batch, inputs: np.random.Generator):
        self.program: Program | None = None
        try:
            program = submission.loss_fn.program(params, batch, transform="value_and_grad")
            value, grads = self._run(program, params.leaves, batch)
            others = {name: rows[::-1].copy() if name == "label" else rows for name, rows in batch.items()}
            depends = self._run(program, draw_leaves(inputs, params.leaves), batch)[0] != value
            depends &= self._run(program, params.leaves, others)[0] != value
            if np.isfinite(value) and depends and any(np.any(g) for g in grads):
                self.program = program
        except Failure:
            self.program = None

    def __call__(self, leaves: list[np.ndarray], batch: Batch) -> tuple[float, list[np.ndarray]]:
        if self.program:
            return self._run(self.program, leaves, batch)
        layers = dense.layers_of(leaves, SIZES)
        return training.loss(layers, batch), dense.leaves_like(training.gradient(layers, batch), leaves)

    @staticmethod
    def _run(program: Program, leaves: list[np.ndarray], batch: Batch) -> tuple[float, list[np.ndarray]]:
        value, grads = program(leaves, batch).items
        return value.number("what `loss_fn` returns"), grads.leaves
