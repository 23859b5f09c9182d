"""A training that was watched: which batches did `train_step` get, and what became of the state?"""

import contextlib

import numpy as np

from autograders.checks import Failure, dense, require, training
from autograders.checks.bands import Band
from autograders.exercises.train_step.asking import (
    BATCH,
    EPOCHS,
    SIZES,
    TRAINING,
    Batch,
    OwnLoss,
    digits,
    draw_key,
    params_of,
    require_net,
    rows_of,
    step,
)
from autograders.exercises.train_step.losses import error
from autograders.judge.arguments import Key
from autograders.judge.handle import Submission
from autograders.judge.values import Value

EPOCHS_WATCHED = 3
JITTED = "PjitFunction"  # the kind of what jit returns
MEAN = Band("epoch loss", 1e-3)  # one batch of 64 is about 1e-2 away from the mean of two
SAME_KEY = Band("two trainings with one key", 1e-3)
OTHER_KEY = Band("two trainings with two keys", 1e-6, least=True)
ACCURACY = Band("accuracy", 0.95, least=True, share=True, near=(0.90, 0.96))  # of held-out digits


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
            "C23" if swapped else "",
        )
    return (state, losses)


class Run:
    """A recorded call of `fit`: its results, and the batches that `train_step` was given, epoch by epoch."""

    def __init__(self, submission: Submission, state: Value, batch: Batch, k: Key, epochs: int):
        images, labels = batch["image"], batch["label"]
        self.small, self.key = batch, k
        self.result = submission.fit(state, images, labels, k, epochs, record="train_step", watch=True)
        self.state, self.losses = fitted(self.result, state)
        self.given = state
        records = [
            r
            for r in self.result.records
            if len(r.items) == 2 and len(r.items[0].items) == 2 and len(r.items[1].items) == 2
        ]
        whole = len(records) == len(self.result.records) and len(records) % epochs == 0
        width = len(records) // epochs
        self.epochs = [records[i * width : (i + 1) * width] for i in range(epochs)] if whole and width else []

    @staticmethod
    def batch(record: Value) -> Batch:
        image, label = record.items[0].items[1].leaves
        return {"image": image, "label": label}

    def orders(self, small: Batch) -> list[list[int]]:
        """For each epoch, the places of the images in the order in which they came; -1 for an unknown one."""
        places = rows_of(small)
        batches = [[self.batch(r) for r in records] for records in self.epochs]
        return [
            [places.get(x.astype(np.float32).tobytes(), -1) for b in epoch for x in b["image"]] for epoch in batches
        ]

    def labels(self, epoch: int) -> np.ndarray:
        return np.concatenate([self.batch(r)["label"] for r in self.epochs[epoch]])

    def sizes(self, epoch: int) -> list[int]:
        return [len(self.batch(r)["label"]) for r in self.epochs[epoch]]


def as_they_came(order: list[int]) -> bool:
    """Whether an epoch begins with images in the order in which `fit` got them."""
    return order[:BATCH] == sorted(order[:BATCH])


def require_batches(sizes: list[int], order: list[int], number: int) -> None:
    """Full batches hold 64 images; no image comes twice, except to fill up the last batch."""
    full = order[: BATCH * (len(order) // BATCH)] if len(sizes) < 3 else order[: BATCH * 2]
    said = f"epoch {number} went through {sum(sizes)} of 150 images, in batches of {', '.join(map(str, sizes))}."
    why = "150 images make two batches of 64, and a last one that may be dropped, short, or filled up."
    right = all(size == BATCH for size in sizes[:2]) and len(sizes) in (2, 3)
    require(right, said, why, "The batch size is 64, and an epoch goes through all the images.")
    twice = len(full) - len(set(full))
    why, hint = "An epoch is one pass through the data.", "Cut one permutation of all images into batches."
    require(not twice, f"in epoch {number}, {twice} images came more than once.", why, hint)


def other_images(submission: Submission, run: Run, number: int) -> Failure:
    """The step got images that `fit` was not given: from outside, or changed on the way?"""
    turned = {"image": run.small["image"][::-1] / 2, "label": run.small["label"][::-1]}
    again = Run(submission, run.given, turned, run.key, EPOCHS_WATCHED)
    first, other = run.batch(run.epochs[0][0])["image"], run.batch(again.epochs[0][0])["image"]
    outside = np.array_equal(first, other)
    return Failure(
        f"in epoch {number}, `train_step` got images that `fit` was not given.",
        "`fit` trains on images from outside: with other images it gives the same batches."
        if outside
        else "The images were changed on the way, but `predict` gets them unchanged.",
        "Index the images that come in, and leave them as they are.",
        "C04" if outside else "",
    )


def off(submission: Submission, value: float, records: list[Value], small: Batch, inputs: np.random.Generator) -> float:
    """How far an epoch's loss is from the mean of what the steps returned or, if far, from the next that it may be."""
    told = error(value, float(np.mean(step_losses(records))))
    if MEAN.admits(told):
        return told
    return min(told, *(error(value, want) for want in true_losses(submission, records, small, inputs)))


def true_losses(submission: Submission, records: list[Value], small: Batch, inputs: np.random.Generator) -> list[float]:
    """What else an epoch's loss may be: weighted by the sizes of the batches, or the true losses, weighted or not."""
    sizes = [len(Run.batch(r)["label"]) for r in records]
    before = [params_of(submission, r.items[0].items[0]) for r in records]
    after = [params_of(submission, r.items[1].items[0]) for r in records]
    own = OwnLoss(submission, before[0], Run.batch(records[0]), inputs)
    lists = [step_losses(records)]
    for params in (before, after):
        pairs = zip(params, records, strict=True)
        lists.append([training.loss(dense.layers_of(p.leaves, SIZES), Run.batch(r)) for p, r in pairs])
    full = [b for b in range(len(records)) if sizes[b] == sizes[0]]
    lists.append([own(before[b].leaves, Run.batch(records[b]))[0] for b in full])
    wanted = [float(np.mean(values)) for values in lists]
    wanted += [float(np.average(values, weights=sizes)) for values in lists[:3]]
    return [*wanted, training.loss(dense.layers_of(after[-1].leaves, SIZES), small)]


def step_losses(records: list[Value]) -> list[float]:
    """What `train_step` returned as its losses."""
    return [float(r.items[1].items[1].number()) for r in records]


def near(value: float, want: float) -> bool:
    return MEAN.admits(error(value, want))


def other_loss(value: float, number: int, run: Run) -> Failure:
    """Which number it is that stands in the place of an epoch's mean loss."""
    told = step_losses(run.epochs[number - 1])
    wanted = float(np.mean(told))
    before = [loss for records in run.epochs[:number] for loss in step_losses(records)]
    said, misconception = f"its batches have the mean {wanted:.4g}", ""
    for name, other, found in (
        ("the loss of its last batch alone", told[-1], "P23"),
        ("the loss of its first batch alone", told[0], "P23"),
        ("the sum over its batches", sum(told), "G12"),
        ("the mean over all batches since the first epoch", float(np.mean(before)), ""),
    ):
        if near(value, other):
            said, misconception = f"that is {name}; their mean is {wanted:.4g}", found
            break
    why = "An epoch's loss is the mean over its batches (or the loss on all images after it)."
    return Failure(
        f"the loss of epoch {number} is given as {value:.4g}; {said}.", why, "Average within the epoch.", misconception
    )


def require_carried(run: Run, submission: Submission) -> None:
    """Every step starts from the state that the step before returned, and the last one is returned."""
    before, why = run.given, "The state belongs to the whole training; a step that does not start from it forgets."
    for number, record in enumerate([r for records in run.epochs for r in records], 1):
        given, after = record.items[0].items[0], record.items[1].items[0]
        if not same(given, before):
            raise _broken(number, given, before, run, submission)
        before = after
    if run.epochs and not same(run.state, before):
        said = "`fit` returned another state than the last step did."
        raise Failure(said, why, "Return the state of the last step.", "P03")


def same(one: Value, other: Value) -> bool:
    return len(one.leaves) == len(other.leaves) and training.distance(one.leaves, other.leaves) <= 1e-6


def _broken(number: int, given: Value, before: Value, run: Run, submission: Submission) -> Failure:
    said = f"step {number} of the training did not start from the state that the step before returned."
    if same(given, run.given):
        return Failure(
            f"{said} It started from the state that `fit` was given.",
            "What the steps before have learnt is lost.",
            "Rebind the state at every call: a step gives a new one.",
            "C08",
        )
    kept = same(*(params_of(submission, s) for s in (given, before)))
    return Failure(
        f"{said} Its parameters are the same, but what the optimizer remembers is not." if kept else said,
        "The optimizer state belongs to the whole training; making it anew forgets what it has learnt.",
        "Make the state once, before the training.",
        "P16" if kept else "",
    )


def require_follows(submission: Submission, run: Run, other: Key) -> None:
    """The same key gives the same training, another key another."""
    runs = [run, *(Run(submission, run.given, run.small, k, EPOCHS_WATCHED) for k in (run.key, other))]
    ends = [params_of(submission, run.state).leaves for run in runs]
    why = "The order of the images is the only thing left to chance, and chance comes from the key."
    if not SAME_KEY.holds(training.distance(ends[1], ends[0])):
        kinds = {place.kind for place in runs[1].result.wrote}
        misconception = "R06" if "random" in kinds else "R05" if "key" in kinds else ""
        hint = "Draw everything from the key that comes in: no np.random, and no key from outside."
        raise Failure("`fit` gave two different results for the same key.", why, hint, misconception)
    if not OTHER_KEY.holds(training.distance(ends[2], ends[0])):
        first, second = runs[0].orders(run.small), runs[2].orders(run.small)
        hint = "Draw each epoch's order from the key that comes in."
        if first != second:
            why, hint = (
                "The batches came in another order, but nothing of that is left at the end.",
                "Follow the state.",
            )
        constant = bool(first) and first == second and not any(map(as_they_came, first))
        said = "`fit` gave the same result for two different keys."
        raise Failure(said, why, hint, "R02" if constant else "")


def accuracy(submission: Submission, inputs: np.random.Generator) -> float:
    """The share of the held-out digits that are read correctly after one whole training, or after half of one.

    Half of one decides where it clearly suffices. A `train_step` without jit takes a minute for a whole one: it is lent
    jit for the half, and does without for the whole.
    """
    state, k = submission.create_state(draw_key(inputs)), draw_key(inputs)
    require_compiled_once(submission, state)
    lent = "train_step" if works_under_jit(submission, state) else ""
    with contextlib.suppress(Failure) if lent else contextlib.nullcontext():
        reached = trained(submission, state, k, EPOCHS // 2, lent)
        if ACCURACY.clearly(reached):
            return reached
    return trained(submission, state, k, EPOCHS)


def trained(submission: Submission, state: Value, k: Key, epochs: int, compiled: str = "") -> float:
    """The accuracy after a training of so many epochs from this state."""
    images, labels = digits()
    result = submission.fit(state, images[:TRAINING], labels[:TRAINING], k, epochs, compiled=compiled)
    params = params_of(submission, fitted(result, state)[0])
    require_net(params, "the state that `fit` returns")
    layers = dense.layers_of(params.leaves, SIZES)
    return float(np.mean(dense.mlp(layers, images[TRAINING:]).argmax(-1) == labels[TRAINING:]))


def works_under_jit(submission: Submission, state: Value) -> bool:
    """Whether `train_step` is not compiled, and could be: it traces, and writes nothing elsewhere."""
    if submission.value("train_step").kind == JITTED:
        return False
    images, labels = digits()
    try:
        batch = {"image": images[:BATCH], "label": labels[:BATCH]}
        program = submission.train_step.program(state, batch, watch=True)
    except Failure:
        return False
    return program.outside_jit > 0 and not program.wrote and not program.callbacks


def require_compiled_once(submission: Submission, state: Value) -> None:
    """A training in which `train_step` is compiled at every call takes minutes, and is not run."""
    images, labels = digits()
    batch, anew = {"image": images[:BATCH], "label": labels[:BATCH]}, []
    try:
        for _ in range(3):
            new, _, result = step(submission, state, batch)
            anew.append(result.traces or new.tree != state.tree)  # what one tree was compiled for does not fit another
            state = new
    except Failure:
        return  # `fit` may have a step of its own
    steps = EPOCHS * (TRAINING // BATCH)
    require(
        not all(anew[1:]),
        f"this training was not run: `train_step` is compiled anew at every call, and would be {steps} times.",
        "Tracing and compiling takes much longer than the step itself.",
        'Ask `check("train_step")` for the reason.',
    )
