"""The autograder of `train_step`: does the whole state travel through every step, and does the model learn?"""

import functools

import numpy as np
import pytest

from autograders.checks import Failure, dense, grades, purity, require, training
from autograders.checks.comparing import HALF, difference
from autograders.exercises.train_step.asking import (
    SIZES,
    Batch,
    OwnLoss,
    Run,
    draw_leaves,
    epoch_losses,
    fitted,
    params_of,
)
from autograders.judge.handle import Host, Key, Submission, Value

TRAINING, BATCH, EPOCHS = 1400, 64, 20
ACCURACY = (
    0.95  # held-out; 27 right programs gave 0.967-0.982, a rate ten times too small 0.90, one full batch an epoch 0.80
)
MEAN = 5e-3  # relative error of an epoch's loss; chosen well above float32's rounding, not measured
UPDATE = 2e-2  # relative distance of one update: 14 right programs stayed below 1.1e-5, a fresh optimizer state was 0.65 away


@functools.cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """The 1,797 digits of scikit-learn in a fixed order: images (n, 64) float32 in [0, 1], labels (n,) int32."""
    from sklearn.datasets import load_digits

    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    return (data.data[order] / 16).astype(np.float32), data.target[order].astype(np.int32)


def draw_batch(inputs: np.random.Generator, size: int) -> Batch:
    """So many training images and their labels."""
    images, labels = digits()
    rows = inputs.choice(TRAINING, size, replace=False)
    return {"image": images[rows], "label": labels[rows]}


def key(inputs: np.random.Generator) -> Key:
    return Key(int(inputs.integers(2**31)))


def require_net(params: Value, name: str) -> None:
    dense.require_dense_layers([leaf for leaf in params.leaves if hasattr(leaf, "shape")], SIZES, name)


# loss


@pytest.fixture
def params(submission: Submission, inputs: np.random.Generator) -> Value:
    found = params_of(submission, submission.create_state(key(inputs)))
    require_net(found, "what `get_params(create_state(key))` returns")
    return found


def loss_agrees(submission: Submission, params: Value, leaves: list[np.ndarray], batch: Batch) -> None:
    """The program of `loss_fn` gives the mean cross-entropy."""
    value = submission.loss_fn.program(params, batch)(leaves, batch)
    got, layers = value.number("what `loss_fn` returns"), dense.layers_of(leaves, SIZES)
    want, size = training.loss(layers, batch), len(batch["label"])
    if abs(got - want) <= HALF * max(abs(want), 0.1):
        return
    why = "The loss of a batch is the mean over its images of -log p(label), with p the softmax of the logits."
    logits = dense.mlp(layers, batch["image"])
    probabilities = np.exp(logits - logits.max(-1, keepdims=True))
    probabilities /= probabilities.sum(-1, keepdims=True)
    twice = training.cross_entropies(probabilities, batch["label"]).mean()
    known = {
        "the sum over the batch, not its mean": (want * size, "G12"),
        "the mean over images and classes, ten times too small": (want / 10, "G12"),
        "the cross-entropy with a softmax too many": (twice, "L25"),
        "the cross-entropy with its sign turned": (-want, "P08"),
    }
    for said, (other, misconception) in known.items():
        if abs(got - other) <= HALF * max(abs(other), 0.01):
            raise Failure(
                f"`loss_fn` returned {said}, on a batch of {size}.",
                why,
                "Compare by hand for one image.",
                misconception,
            )
    extreme = not np.isfinite(got) or want > 50
    if extreme:
        why = "The exponential of a large logit overflows, and a probability that rounds to 0 has no logarithm."
    raise Failure(
        f"`loss_fn` returned {got:.4g} on a batch of {size}; the mean cross-entropy is another number.",
        why,
        "Look for a function that takes softmax and logarithm together."
        if extreme
        else "Which labels does your loss expect?",
        "G16" if extreme else "G10" if size == 10 else "",
    )


@grades("loss", points=1)
def test_mean_cross_entropy(submission, params, inputs):
    """`loss_fn` is the mean softmax cross-entropy over the batch."""
    for size in (7, 32):
        loss_agrees(submission, params, draw_leaves(inputs, params.leaves, 2), draw_batch(inputs, size))


@grades("loss", points=0.25, needs=("mean_cross_entropy",))
def test_batch_size_equals_classes(submission, params, inputs):
    """The loss is right when the batch has as many images as there are classes."""
    loss_agrees(submission, params, draw_leaves(inputs, params.leaves, 2), draw_batch(inputs, 10))


@grades("loss", points=0.25, needs=("mean_cross_entropy",))
def test_large_logits(submission, params, inputs):
    """The loss is finite, and right, for logits of 200."""
    leaves = draw_leaves(inputs, params.leaves, 2)
    batch = draw_batch(inputs, 16)
    size = np.abs(dense.mlp(dense.layers_of(leaves, SIZES), batch["image"])).max()
    large = [leaf * np.float32(200 / size) if leaf.shape in ((64, 10), (10,)) else leaf for leaf in leaves]
    loss_agrees(submission, params, large, batch)


@grades("loss", points=0.5, needs=("mean_cross_entropy",))
def test_loss_gradient(submission, params, inputs):
    """The gradient of `loss_fn` is that of the cross-entropy, for every parameter."""
    leaves, batch = draw_leaves(inputs, params.leaves, 2), draw_batch(inputs, 24)
    program = submission.loss_fn.program(params, batch, transform="value_and_grad")
    got = dense.layers_of(program(leaves, batch).items[1].leaves, SIZES)
    want = training.gradient(dense.layers_of(leaves, SIZES), batch)
    off = max(training.distance([a], [b]) for x, y in zip(got, want, strict=True) for a, b in zip(x, y, strict=True))
    zero = not any(np.any(g) for layer in got for g in layer)
    require(
        off <= 2 * HALF,
        "the gradient of `loss_fn` is zero everywhere."
        if zero
        else f"the gradient of `loss_fn` is off by {off:.2g} of its size.",
        "A gradient flows only through the `params` that come in, and through differentiable jnp operations.",
        "Look for stop_gradient, rounding, argmax, or parameters from outside.",
        "G07" if zero else "",
    )


# state


@grades("state", points=0.25)
def test_params_of_net(submission, inputs):
    """The state holds the parameters of Net((64, 10))."""
    state = submission.create_state(key(inputs))
    for path, leaf in zip(state.paths, state.leaves, strict=True):
        said = f"the state holds a {getattr(leaf, 'kind', 'str')} at `{path}`, which jit cannot take."
        require(
            hasattr(leaf, "dtype"),
            said,
            "A state is a pytree of arrays and numbers.",
            "Keep functions and names out of it.",
            "C18",
        )
    require_net(params_of(submission, state), "what `get_params(create_state(key))` returns")


@grades("state", points=0.5, needs=("params_of_net",))
def test_same_key_same_state(submission, inputs):
    """The same key gives the same state."""
    k = key(inputs)
    first, again = submission.create_state(k), submission.create_state(k)
    same = len(first.leaves) == len(again.leaves) and all(map(np.array_equal, first.leaves, again.leaves))
    why, hint = "All randomness comes from the key.", "Use no np.random, and no key made or split outside."
    require(same, "`create_state` gave two different states for the same key.", why, hint, "R05")


@grades("state", points=0.25, needs=("params_of_net",))
def test_different_keys_differ(submission, inputs):
    """Different keys give different parameters."""
    a, b = (params_of(submission, submission.create_state(key(inputs))) for _ in range(2))
    same = all(map(np.array_equal, a.leaves, b.leaves))
    hint = "Hand the key that comes in to `init`."
    require(
        not same, "`create_state` gave the same parameters for two different keys.", "The key decides.", hint, "R02"
    )


# train_step


def step(submission: Submission, state: Value, batch: Batch, **options: bool) -> tuple[Value, Value, Value]:
    """One step: the new state, the loss, and the whole result with what was observed."""
    result = submission.train_step(state, batch, **options)
    new, loss = result.unpack("state, loss")
    if len(new.leaves) == 1 and len(loss.leaves) > 1:
        raise Failure(
            "`train_step` returned (loss, state); the contract says (state, loss).",
            "Whoever threads the state takes the first part.",
            "Return the state first, and the loss second.",
            "C23",
        )
    return new, loss, result


@pytest.fixture
def state(submission: Submission, inputs: np.random.Generator) -> Value:
    return submission.create_state(key(inputs))


@grades("train_step", points=0.5)
def test_returns_state_and_loss(submission, state, inputs):
    """`train_step` returns the new state, and the loss on the batch before or after the update."""
    batch = draw_batch(inputs, 32)
    new, loss, _ = step(submission, state, batch)
    got = loss.number("the loss that `train_step` returns")
    before, after = (params_of(submission, s) for s in (state, new))
    require_net(after, "the state that `train_step` returns")
    own = OwnLoss(submission, before, batch, inputs)
    wanted = [own(p.leaves, batch)[0] for p in (before, after)]
    wanted += [training.loss(dense.layers_of(p.leaves, SIZES), batch) for p in (before, after)]
    near = any(abs(got - want) <= HALF * max(abs(want), 0.1) for want in wanted)
    said = f"`train_step` returned the loss {got:.4g}, which is the loss on this batch neither before nor after the update."
    require(
        near, said, "The loss belongs to the batch that was given.", "Return what `jax.value_and_grad` computed.", "P23"
    )


@grades("train_step", points=1, needs=("returns_state_and_loss",), evidence="observed")
def test_jitted_as_a_whole(submission, state, inputs):
    """In ten steps with batches of one shape, JAX traces at most twice, and nothing runs outside the jitted function."""
    traces, first = [], state
    for _ in range(10):
        state, _, result = step(submission, state, draw_batch(inputs, 16))
        traces.append(result.traces)
    late = sum(1 for count in traces[2:] if count)
    why = "Compiling takes a thousand times longer than a step; jit compiles again when it meets a new function, form or static value."
    hint = "Put `@jax.jit` above `def train_step`, once, and let everything that changes be an ordinary argument."
    require(not late, f"JAX traced again in {late} of the last 8 of 10 equal calls of `train_step`.", why, hint, "J14")
    outside = outside_jit(submission, first, draw_batch(inputs, 16))
    said = f"about {outside} operations of `train_step` run outside of jit, one by one, at every call."
    require(outside <= 10, said, "Only what stands inside the jitted function is compiled together.", hint, "F05")


def outside_jit(submission: Submission, state: Value, batch: Batch) -> int:
    """How many operations a call dispatches one by one; 0 for a step that was compiled ahead of time."""
    try:
        return submission.train_step.program(state, batch).outside_jit
    except Failure as failure:
        if failure.compiled:
            return 0
        raise


@grades("train_step", points=1.5, needs=("returns_state_and_loss",))
def test_updates_like_adam(submission, state, inputs):
    """Step by step, the parameters become what Adam makes of the gradient, its own state carried along."""
    batches = [draw_batch(inputs, 32) for _ in range(5)]
    start, firsts = state, []
    params = params_of(submission, state)
    own, adam = OwnLoss(submission, params, batches[0], inputs), training.Adam()
    for number, batch in enumerate(batches, 1):
        grads = own(params.leaves, batch)[1]
        want, fresh = adam.update(grads), training.Adam().update(grads)
        state, _, _ = step(submission, state, batch)
        after = params_of(submission, state)
        require_net(after, "the state that `train_step` returns")
        got = [
            new.astype(np.float64) - old.astype(np.float64)
            for new, old in zip(after.leaves, params.leaves, strict=True)
        ]
        off = training.distance(got, want)
        lost = training.distance(got, fresh)
        if off > UPDATE:
            raise training.other_update(got, want, grads, number, off, lost, UPDATE)
        params, firsts = after, firsts or after.leaves
    again = params_of(submission, step(submission, start, batches[0])[0]).leaves
    said = "the first step, done again from the first state, gave other parameters than before."
    why, hint = (
        "Something outside the state has moved on, and enters the step.",
        "Keep the optimizer state in the state.",
    )
    require(training.distance(again, firsts) <= 1e-3, said, why, hint, "C04")


@grades("train_step", points=0.5, needs=("returns_state_and_loss",), evidence="observed")
def test_inputs_unchanged(submission, state, inputs):
    """Neither the state nor the batch is changed by the step."""
    batch = draw_batch(inputs, 16)
    for given in (batch, {name: Host(rows) for name, rows in batch.items()}):
        purity.state_unchanged(step(submission, state, given)[2], "state or the batch")


# predict


@grades("predict", points=0.25)
def test_logits_have_right_shape(submission, state, inputs):
    """`predict(state, images)` gives ten numbers for each image."""
    for size in (5, 10):
        got = submission.predict(state, draw_batch(inputs, size)["image"]).array("what `predict` returns")
        said = f"`predict` on {size} images gave shape {got.shape}; it should be {(size, 10)}."
        require(
            got.shape == (size, 10), said, "Ten logits for each image.", "Return what the network gives, before argmax."
        )


@grades("predict", points=0.75, needs=("logits_have_right_shape",))
def test_predicts_with_the_state_given(submission, inputs):
    """The softmax of the logits is that of Net with the parameters in the state given."""
    states = [submission.create_state(key(inputs)) for _ in range(2)]
    images = draw_batch(inputs, 20)["image"]
    try:
        program = submission.predict.program(states[0], images)
    except Failure as failure:
        if not failure.compiled:
            raise
        program = submission.predict
    for state in states:
        got = np.asarray(program(state, images).array("what `predict` returns"), np.float64)
        want = dense.mlp(dense.layers_of(params_of(submission, state).leaves, SIZES), images)
        off = difference(got - got.mean(-1, keepdims=True), want - want.mean(-1, keepdims=True))
        said = f"the logits are {off:.2g} of their size away from what Net gives with the parameters of the state."
        why = "All that a model knows is in the state that comes in; the network itself holds nothing."
        hint = "`apply` with the parameters of this state; no softmax, no argmax, no parameters from elsewhere."
        require(off <= HALF, said, why, hint, "L26")


# fit


def rows_of(batch: Batch) -> dict[bytes, int]:
    """The place of each image by its bytes."""
    return {image.tobytes(): place for place, image in enumerate(batch["image"])}


@pytest.fixture
def small(inputs: np.random.Generator) -> Batch:
    """150 images that are all different: two batches of 64, and 22 left over."""
    batch = draw_batch(inputs, 200)
    kept = sorted(rows_of(batch).values())[:150]
    return {name: rows[kept] for name, rows in batch.items()}


@grades("fit", points=0.25)
def test_losses_per_epoch(submission, state, inputs, small):
    """`losses` has one number for each epoch: the mean over its batches, or the loss on all images after it."""
    run = Run(submission, state, small, key(inputs), 3)
    got = np.ravel(run.losses.array("the `losses` that `fit` returns"))
    why = "Each epoch ends with one number, so that the curve can be drawn."
    said = f"`losses` holds {len(got)} numbers for 3 epochs."
    require(len(got) == 3 and bool(np.all(np.isfinite(got))), said, why, "Append the mean of an epoch's losses.", "P21")
    for number, (value, records) in enumerate(zip(got, run.epochs, strict=False), 1):
        wanted = epoch_losses(submission, records, small, inputs)
        near = any(abs(value - want) <= MEAN * max(abs(want), 0.1) for want in wanted)
        said = f"the loss of epoch {number} is given as {value:.4g}; its batches have the mean {wanted[0]:.4g}."
        require(
            near,
            said,
            "An epoch's loss is the mean over its batches (or the loss on all images after it).",
            "Average within the epoch.",
        )


@grades("fit", points=0.25)
def test_follows_the_key(submission, state, inputs, small):
    """The same key gives the same training, another key another."""
    a, b = key(inputs), key(inputs)
    states = [fitted(submission.fit(state, *small.values(), k, 2), state)[0] for k in (a, a, b)]
    ends = [params_of(submission, s).leaves for s in states]
    why = "The order of the images is the only thing left to chance, and chance comes from the key."
    said = "`fit` gave two different results for the same key."
    require(training.distance(ends[1], ends[0]) <= 1e-3, said, why, "Use no np.random and no key from outside.", "R06")
    said = "`fit` gave the same result for two different keys."
    require(
        training.distance(ends[2], ends[0]) > 1e-6,
        said,
        why,
        "Draw each epoch's order from the key that comes in.",
        "R02",
    )


@grades("fit", points=0.5, evidence="observed")
def test_new_order_every_epoch(submission, state, inputs, small):
    """Every epoch visits each image at most once, with its own label, in an order of its own."""
    run, places = Run(submission, state, small, key(inputs), 3), rows_of(small)
    orders = []
    for number, records in enumerate(run.epochs, 1):
        batches = [Run.batch(r) for r in records]
        order = [places.get(image.astype(np.float32).tobytes(), -1) for b in batches for image in b["image"]]
        labels = np.concatenate([b["label"] for b in batches])
        require(
            -1 not in order,
            f"in epoch {number}, `train_step` got images that `fit` was not given.",
            "",
            "Index the images that come in.",
        )
        matched = bool(np.array_equal(labels, small["label"][order]))
        why, hint = (
            "Images and labels must be shuffled by one and the same permutation.",
            "Draw `perm` once and index both with it.",
        )
        require(matched, f"in epoch {number}, images came with labels that are not theirs.", why, hint, "D08")
        require_batches(batches, order, number)
        orders.append(order)
    same = any(a == b for i, a in enumerate(orders) for b in orders[:i])
    why, hint = "The same key gives the same permutation.", "Split the key (or fold in the epoch) before each epoch."
    require(not same, "two epochs went through the images in the same order.", why, hint, "R14")
    unshuffled = any(order[:64] == sorted(order[:64]) for order in orders)
    require(
        not unshuffled,
        "an epoch went through the images in the order in which they came.",
        why,
        "Use jax.random.permutation.",
        "R14",
    )


def require_batches(batches: list[Batch], order: list[int], number: int) -> None:
    """Full batches hold 64 images; no image comes twice, except to fill up the last batch."""
    sizes = [len(b["label"]) for b in batches]
    full = order[: BATCH * (len(order) // BATCH)] if len(sizes) < 3 else order[: BATCH * 2]
    said = f"epoch {number} went through {sum(sizes)} of 150 images, in batches of {', '.join(map(str, sizes))}."
    right = all(size == BATCH for size in sizes[:2]) and len(sizes) in (2, 3)
    require(
        right,
        said,
        "150 images make two batches of 64, and a last one that may be dropped, short, or filled up.",
        "The batch size is 64.",
    )
    twice = len(full) - len(set(full))
    why, hint = "An epoch is one pass through the data.", "Cut one permutation of all images into batches."
    require(not twice, f"in epoch {number}, {twice} images came more than once.", why, hint)


@grades("fit", points=0.25, evidence="observed")
def test_carries_the_state(submission, state, inputs, small):
    """Every step starts from the state that the step before returned, through all epochs."""
    run = Run(submission, state, small, key(inputs), 2)
    before, why = state, "The optimizer state belongs to the whole training; making it anew forgets what it has learnt."
    for number, record in enumerate([r for records in run.epochs for r in records], 1):
        given, after = record.items[0].items[0], record.items[1].items[0]
        same = len(given.leaves) == len(before.leaves) and training.distance(given.leaves, before.leaves) <= 1e-6
        said = f"step {number} of the training did not start from the state that the step before returned."
        require(same, said, why, "Rebind the state at every call: `state, loss = train_step(state, batch)`.", "P16")
        before = after
    if run.epochs:
        said = "`fit` returned another state than the last step did."
        require(
            training.distance(run.state.leaves, before.leaves) <= 1e-6,
            said,
            why,
            "Return the state of the last step.",
            "P03",
        )


@grades("fit", points=0.75)
def test_reaches_accuracy(submission, inputs):
    """After 20 epochs, at least 95 % of the digits that were held out are read correctly."""
    images, labels = digits()
    for _ in range(2):
        state = submission.create_state(key(inputs))
        result = submission.fit(state, images[:TRAINING], labels[:TRAINING], key(inputs), EPOCHS)
        params = params_of(submission, fitted(result, state)[0])
        require_net(params, "the state that `fit` returns")
        layers = dense.layers_of(params.leaves, SIZES)
        accuracy = float(np.mean(dense.mlp(layers, images[TRAINING:]).argmax(-1) == labels[TRAINING:]))
        require(
            accuracy >= ACCURACY,
            f"after {EPOCHS} epochs, {accuracy:.1%} of the held-out digits were read correctly; {ACCURACY:.0%} can be reached.",
            "The model learns too little: from too few steps, from wrong gradients, or with another optimizer.",
            "Does the loss fall from epoch to epoch? Does every epoch visit every batch?",
            "",
        )


# Last, because tracing anew forgets everything that was compiled before.
@grades("train_step", points=0.5, needs=("returns_state_and_loss",))
def test_pure_program(submission, state, inputs):
    """The program calls nothing on the host, and tracing it anew gives the same program."""
    batch = draw_batch(inputs, 16)
    try:
        first, again = (submission.train_step.program(state, batch, again=True) for _ in range(2))
    except Failure as failure:
        if failure.compiled:
            return
        raise
    calls = ", ".join(first.callbacks)
    hint = "Remove jax.debug.print and other callbacks from the step; print the returned loss instead."
    require(
        not first.callbacks,
        f"the program of `train_step` calls back into Python ({calls}).",
        "Such a step is no pure function.",
        hint,
        "J17",
    )
    same = first.traced.program == again.traced.program
    why = (
        "Something from outside is baked into the program: a random number of NumPy's, a clock, a global that changes."
    )
    require(
        same,
        "two traces of `train_step` gave two different programs.",
        why,
        "Take randomness from a key in the state.",
        "R06",
    )
