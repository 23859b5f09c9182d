"""What the autograder of `train_step` asks a submission again and again: its parameters, its loss, a recorded training."""

import numpy as np

from autograders.checks import Failure, dense, training
from autograders.judge.handle import Key, Program, Submission, Undefined, Value

SIZES = (64, 64, 10)

Batch = dict[str, np.ndarray]


def params_of(submission: Submission, state: Value) -> Value:
    """The parameters in a state, as `get_params` gives them; without that function, `state.params`."""
    try:
        return submission.get_params(state)
    except Undefined:
        return state.attribute("params")


def draw_leaves(inputs: np.random.Generator, leaves: list[np.ndarray], scale: float = 1.0) -> list[np.ndarray]:
    """Random parameters in these shapes, of the size that initialisers give."""
    return [(inputs.normal(size=leaf.shape) * scale / 8).astype(np.float32) for leaf in leaves]


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
        by_shape = {g.shape: g for layer in training.gradient(layers, batch) for g in layer}
        return training.loss(layers, batch), [by_shape[leaf.shape] for leaf in leaves]

    @staticmethod
    def _run(program: Program, leaves: list[np.ndarray], batch: Batch) -> tuple[float, list[np.ndarray]]:
        value, grads = program(leaves, batch).items
        return value.number("what `loss_fn` returns"), grads.leaves


def fitted(result: Value, given: Value) -> tuple[Value, Value]:
    """The state and the losses that `fit` returned, in this order."""
    state, losses = result.unpack("state, losses")
    if len(state.leaves) != len(given.leaves):
        swapped = len(losses.leaves) == len(given.leaves)
        raise Failure(
            "`fit` returned (losses, state); the contract says (state, losses)."
            if swapped
            else "the first part of what `fit` returned is no state.",
            "Whoever goes on training takes the first part.",
            "Return the state first, and the losses second.",
            "C23",
        )
    return (state, losses)


class Run:
    """A recorded call of `fit`: its results, and the batches that `train_step` was given, epoch by epoch."""

    def __init__(self, submission: Submission, state: Value, batch: Batch, k: Key, epochs: int):
        images, labels = batch["image"], batch["label"]
        result = submission.fit(state, images, labels, k, epochs, record="train_step")
        self.state, self.losses = fitted(result, state)
        self.given = state
        records = [
            r for r in result.records if len(r.items) == 2 and len(r.items[0].items) == 2 and len(r.items[1].items) == 2
        ]
        whole = len(records) == len(result.records) and len(records) % epochs == 0
        width = len(records) // epochs
        self.epochs = [records[i * width : (i + 1) * width] for i in range(epochs)] if whole and width else []

    @staticmethod
    def batch(record: Value) -> Batch:
        image, label = record.items[0].items[1].leaves
        return {"image": image, "label": label}


def epoch_losses(
    submission: Submission, records: list[Value], small: Batch, inputs: np.random.Generator
) -> list[float]:
    """What an epoch's loss may be: the mean of what the step returned, or the true losses, weighted or not."""
    told = [float(r.items[1].items[1].number()) for r in records]
    sizes = [len(Run.batch(r)["label"]) for r in records]
    before = [params_of(submission, r.items[0].items[0]) for r in records]
    after = [params_of(submission, r.items[1].items[0]) for r in records]
    own = OwnLoss(submission, before[0], Run.batch(records[0]), inputs)
    lists = [told]
    for params in (before, after):
        lists.append(
            [
                training.loss(dense.layers_of(p.leaves, SIZES), Run.batch(r))
                for p, r in zip(params, records, strict=True)
            ]
        )
    full = [b for b in range(len(records)) if sizes[b] == sizes[0]]
    lists.append([own(before[b].leaves, Run.batch(records[b]))[0] for b in full])
    wanted = [float(np.mean(values)) for values in lists]
    wanted += [float(np.average(values, weights=sizes)) for values in lists[:3]]
    return [*wanted, training.loss(dense.layers_of(after[-1].leaves, SIZES), small)]
