"""The autograder of `train_step`: does the whole state travel through every step, and does the model learn?"""

from collections.abc import Iterator

import numpy as np
import pytest

from autograders.checks import Failure, dense, grades, purity, require, training
from autograders.checks.bands import Band
from autograders.checks.comparing import HALF, difference
from autograders.exercises.train_step import jitted, steps, trainings, walks
from autograders.exercises.train_step.asking import (
    BATCH,
    EPOCHS,
    SIZES,
    Batch,
    OwnLoss,
    default_keys,
    draw_batch,
    draw_different,
    draw_key,
    draw_leaves,
    params_of,
    require_data,
    require_net,
    step,
)
from autograders.exercises.train_step.losses import Tried, error, require_agreement, steep
from autograders.exercises.train_step.trainings import ACCURACY, Run
from autograders.judge.arguments import Host, Key
from autograders.judge.handle import Program, Submission
from autograders.judge.values import Value

GRADIENT = Band("gradient of the loss", 0.2)  # half precision is up to 0.05 away
AGAIN = Band("the first step again", 1e-3)


# loss


@pytest.fixture
def first_key(submission: Submission, inputs: np.random.Generator) -> Key:
    drawn = draw_key(inputs)
    return submission.once("key", lambda: drawn)


@pytest.fixture
def state(submission: Submission, first_key: Key) -> Value:
    """A new state, the same for all checks that only need one: every call gets a copy of it."""
    return submission.once("state", lambda: submission.create_state(first_key))


@pytest.fixture
def params(submission: Submission, state: Value) -> Value:
    found = submission.once("params", lambda: params_of(submission, state))
    require_net(found, "what `get_params(create_state(key))` returns")
    return found


@grades("loss", points=1)
def test_mean_cross_entropy(submission, params, inputs):
    """`loss_fn` is the mean softmax cross-entropy over the batch.

    Why: a loss that mixes up images and labels teaches nothing, and a sum makes steps grow with the batch.

    Blind to: errors below 3 % (below 0.06 where the loss is less than 2), such as a slight penalty on the parameters;
    other batches than of 64, 7 and 1 images; what only happens without jit.
    """
    require_agreement(losses_of_sizes(submission, params, inputs))


def losses_of_sizes(submission: Submission, params: Value, inputs: np.random.Generator) -> Iterator[Tried]:
    """The loss of a batch of 64, of seven batches of 7, and of seven single images."""
    leaves = draw_leaves(inputs, params.leaves, 2)
    for size, number in ((BATCH, 1), (7, 7), (1, 7)):
        tried = Tried(submission, params, leaves, draw_batch(inputs, size))
        yield tried
        yield from (tried.on_another(draw_batch(inputs, size)) for _ in range(number - 1))


@grades("loss", points=0.25, needs=("mean_cross_entropy",))
def test_batch_size_equals_classes(submission, params, inputs):
    """The loss is right when the batch has as many images as there are classes.

    Why: with ten images and ten classes a wrong axis, or labels taken for probabilities, fit by shape and raise
    nothing.

    Blind to: more than one batch of ten, and errors below 3 %.
    """
    require_agreement([Tried(submission, params, draw_leaves(inputs, params.leaves, 2), draw_batch(inputs, 10))])


@grades("loss", points=0.25, needs=("mean_cross_entropy",))
def test_large_logits(submission, params, inputs):
    """The loss is right for logits of 200, and its gradient finite.

    Why: an exponential that overflows makes the loss nan, and one such batch spoils all parameters.

    Blind to: logits beyond 200, and a gradient that is wrong there, but finite.
    """
    batches = [draw_batch(inputs, BATCH) for _ in range(4)]
    large = [(large_leaves(inputs, params, batch), batch) for batch in batches]
    tried = Tried(submission, params, *large[0])
    require_agreement([tried, *(tried.on_another(batch, leaves) for leaves, batch in large[1:])])
    program = submission.loss_fn.program(params, batches[0], transform="value_and_grad")
    gradients = (program(leaves, batch).items[1] for leaves, batch in large)
    if not all(np.all(np.isfinite(leaf)) for gradient in gradients for leaf in gradient.leaves):
        raise steep()


def large_leaves(inputs: np.random.Generator, params: Value, batch: Batch) -> list[np.ndarray]:
    """Parameters with which the largest logit of the batch is 200, or -200."""
    leaves = draw_leaves(inputs, params.leaves, 2)
    *hidden, (kernel, bias) = dense.layers_of(leaves, SIZES)
    size = np.float32(200 / np.abs(dense.mlp([*hidden, (kernel, bias)], batch["image"])).max())
    return dense.leaves_like([*hidden, (kernel * size, bias * size)], leaves)


@grades("loss", points=0.5, needs=("mean_cross_entropy",))
def test_loss_gradient(submission, params, inputs):
    """The gradient of `loss_fn` is that of the cross-entropy, for every parameter.

    Why: training follows the gradient alone, and a loss can be right while a rounding or a stop_gradient cuts that off.

    Blind to: errors below 20 % over all parameters of a kernel or a bias, batches of other sizes than 64,
    and large logits (`large_logits`).
    """
    batches = [draw_batch(inputs, BATCH) for _ in range(3)]
    program = submission.loss_fn.program(params, batches[0], transform="value_and_grad")
    for batch in batches:
        right_gradient(program, draw_leaves(inputs, params.leaves, 2), batch)


def right_gradient(program: Program, leaves: list[np.ndarray], batch: Batch) -> None:
    """At these parameters, the gradient of the loss is the one of the cross-entropy."""
    got = dense.layers_of(program(leaves, batch).items[1].leaves, SIZES)
    want = training.gradient(dense.layers_of(leaves, SIZES), batch)
    pairs = [(a, b) for x, y in zip(got, want, strict=True) for a, b in zip(x, y, strict=True)]
    said, why = "the gradient of `loss_fn` is nan or infinite.", "One such gradient spoils all parameters for good."
    require(
        all(np.all(np.isfinite(a)) for a, _ in pairs), said, why, "Look for a logarithm, a root or a division.", "G15"
    )
    off = max(training.distance([a], [b]) for a, b in pairs)
    still = [f"the {'kernel' if a.ndim == 2 else 'bias'} of shape {a.shape}" for a, b in pairs if not np.any(a)]
    said, misconception = f"is off by {off:.2g} of its size", ""
    if len(still) == len(pairs):
        said, misconception = "is zero everywhere, though the loss depends on the parameters", "G13"
    elif still:
        said = f"is zero for {' and '.join(still)}"
    require(
        GRADIENT.holds(off),
        f"the gradient of `loss_fn` {said}.",
        "A gradient flows through differentiable functions only: not through rounding, argmax or stop_gradient.",
        "Look for what the parameters go through on their way to the loss.",
        misconception,
    )


# state


@grades("state", points=0.25)
def test_params_of_net(submission, state):
    """The state holds the parameters of Net((64, 10)).

    Why: parameters that the model does not fit cannot be trained, and a state with functions in it is refused by jit.

    Blind to: names, dtypes and first values, and whether the optimizer state is of any use (`updates_like_adam`).
    """
    require_data(state)
    require_net(params_of(submission, state), "what `get_params(create_state(key))` returns")


@grades("state", points=0.5, needs=("params_of_net",))
def test_same_key_same_state(submission, first_key, state):
    """The same key gives the same state.

    Why: a run that cannot be repeated cannot be compared with another one.

    Blind to: the structure around the numbers, and what `create_state` writes elsewhere without effect on the second
    state.
    """
    again = submission.create_state(first_key, watch=True)
    same = len(state.leaves) == len(again.leaves) and all(map(np.array_equal, state.leaves, again.leaves))
    why, hint = "All randomness comes from the key.", "Use no np.random, and no key made or split outside."
    kinds = {place.kind for place in again.wrote}
    misconception = "R06" if "random" in kinds else "R05" if "key" in kinds else ""
    require(same, "`create_state` gave two different states for the same key.", why, hint, misconception)


@grades("state", points=0.25, needs=("params_of_net",))
def test_different_keys_differ(submission, state, inputs):
    """Different keys give different parameters.

    Why: several runs, made to see how far results depend on chance, would all be the same run.

    Blind to: which parameters follow the key: one number that differs is enough.
    """
    a, b = (params_of(submission, s) for s in (state, submission.create_state(draw_key(inputs))))
    same = all(map(np.array_equal, a.leaves, b.leaves))
    said, hint = (
        "`create_state` gave the same parameters for two different keys.",
        "Hand the key that comes in to `init`.",
    )
    if default_keys(submission, "create_state"):
        why = "A default argument is made once, when the function is defined: one key for all calls."
        require(not same, said, why, hint, "R07")
    require(not same, said, "The parameters come from another key than the one that is given.", hint, "R02")


# train_step


@grades("train_step", points=0.5)
def test_returns_state_and_loss(submission, state, inputs):
    """`train_step` returns the new state, and the loss on the batch before or after the update.

    Why: whoever threads the state takes the first part, and a curve of another loss says nothing about this training.

    Blind to: a wrong loss that is within 3 % of a right one by chance, and steps later than the first.
    """
    batch = draw_batch(inputs, BATCH)
    new, loss, _ = step(submission, state, batch)
    got = loss.number("the loss that `train_step` returns")
    before, after = (params_of(submission, s) for s in (state, new))
    require_net(after, "the state that `train_step` returns")
    wanted = [training.loss(dense.layers_of(p.leaves, SIZES), batch) for p in (before, after)]
    if not any(HALF.admits(error(got, want)) for want in wanted):
        own = OwnLoss(submission, before, batch, inputs)
        wanted += [own(p.leaves, batch)[0] for p in (before, after)]
    near = HALF.holds(min(error(got, want) for want in wanted))
    said = f"`train_step` returned the loss {got:.4g}, which is the loss on this batch neither before nor after the update."
    require(
        near, said, "The loss belongs to the batch that was given.", "Return what `jax.value_and_grad` computed.", "P23"
    )


@grades("train_step", points=1, needs=("returns_state_and_loss",), evidence="observed")
def test_jitted_as_a_whole(submission, state, inputs):
    """After two steps with batches of one shape JAX traces nothing anew, and nothing runs outside the jitted function.

    Why: a step that is traced anew, or sent off operation by operation, is much slower, and nothing says so.

    Blind to: other batch sizes than 64; what the first two of ten steps trace; ten operations or fewer outside of jit;
    what runs outside of a step that is compiled ahead of time.
    """
    traces, states = [], [state]
    for _ in range(10):
        new, _, result = step(submission, states[-1], draw_batch(inputs, BATCH))
        traces.append(result.traces)
        states.append(new)
        if len(traces) == 5 and all(traces):
            break  # it would go on like that, and compiling takes its time
    late = [count for count in traces[2:] if count]
    said = (
        f"JAX traced again in {len(late)} of the last {len(traces) - 2} of {len(traces)} equal calls of `train_step`."
    )
    again = jitted.traces_again(submission, states, draw_batch(inputs, BATCH), said) if late else None
    if again and again.misconception != "J14":  # without jit, old versions of JAX trace anew as well
        raise again
    outside = outside_jit(submission, state, draw_batch(inputs, BATCH))
    said = f"about {outside} operations of `train_step` run outside of jit, one by one, at every call."
    hint = "Put `@jax.jit` above `def train_step`: the whole step, gradient and update, is one program."
    require(outside <= 10, said, "Only what stands inside the jitted function is compiled together.", hint, "F05")
    if again:
        raise again


def traced_once(submission: Submission, state: Value, batch: Batch) -> Program:
    """The program of the step, with what was written while JAX traced it anew; the same for all checks that look at it."""
    return submission.once("program", lambda: submission.train_step.program(state, batch, again=True, watch=True))


def outside_jit(submission: Submission, state: Value, batch: Batch) -> int:
    """How many operations a call dispatches one by one; 0 for a step that was compiled ahead of time."""
    try:
        return traced_once(submission, state, batch).outside_jit
    except Failure as failure:
        if failure.compiled:
            return 0
        raise


@grades("train_step", points=1.5, needs=("returns_state_and_loss",))
def test_updates_like_adam(submission, state, inputs):
    """Step by step, the parameters become what Adam makes of the gradient, its own state carried along.

    Why: an optimizer state that is lost or made anew, or a rule with other numbers, still trains, only worse.

    Blind to: what sets in after the fifth step, such as a schedule; rates that are off by less than 1 in 10,000, decays
    below 0.00002, and other errors below 2 % of an update; a wrong loss, for the gradient is that of the learner's
    `loss_fn`.
    """
    batches = [draw_batch(inputs, BATCH) for _ in range(5)]
    batches[2]["label"] = np.full_like(
        batches[2]["label"], inputs.integers(10)
    )  # a large gradient, for clipping to show
    walk = walks.Walk(submission, state, batches, inputs).go()
    steps.require_adam(walk)
    result = step(submission, state, batches[0], watch=True)[2]
    again, first = params_of(submission, result.items[0]).leaves, params_of(submission, walk.moves[0].after).leaves
    if not AGAIN.holds(training.distance(again, first)):
        raise jitted.moves_on(result)


@grades("train_step", points=0.5, needs=("returns_state_and_loss",), evidence="observed")
def test_inputs_unchanged(submission, state, inputs):
    """Neither the state nor the batch is changed by the step.

    Why: whoever kept the state or the batch, for a comparison or the next epoch, finds something else in it.

    Blind to: containers inside jit, which rebuilds them; donated buffers, which count as unchanged; steps later than
    the first.
    """
    batch = draw_batch(inputs, BATCH)
    for given in (batch, {name: Host(rows) for name, rows in batch.items()}):
        purity.state_unchanged(step(submission, state, given)[2], "state or the batch")


# predict


@grades("predict", points=0.25)
def test_logits_have_right_shape(submission, state, inputs):
    """`predict(state, images)` gives ten numbers for each image.

    Why: accuracy takes the largest of ten numbers for each image; without that axis it compares something else.

    Blind to: the numbers (`predicts_with_the_state_given`), other batches than of 5 and 10 images, and trained states.
    """
    for size in (5, 10):
        result = submission.predict(state, draw_batch(inputs, size)["image"])
        if len(result.items) == 2 and [getattr(x, "shape", ()) for x in result.items[0].leaves] == [(size, 10)]:
            said = "`predict` returned a pair; the contract names the logits alone."
            why = "Asked for mutable variables, `apply` gives the logits and the variables."
            raise Failure(said, why, "Return the first part, or leave `mutable` out.", "M04")
        got = result.array("what `predict` returns")
        said = f"`predict` on {size} images gave shape {got.shape}; it should be {(size, 10)}."
        require(
            got.shape == (size, 10), said, "Ten logits for each image.", "Return what the network gives, before argmax."
        )


@grades("predict", points=0.75, needs=("logits_have_right_shape",))
def test_predicts_with_the_state_given(submission, state, inputs):
    """The softmax of the logits is that of Net with the parameters in the state given.

    Why: a prediction with other parameters than the trained ones looks like a training that failed.

    Blind to: trained states, for both are fresh; errors below 3 %; a number that is added to all logits of an image, so
    that log-probabilities pass.
    """
    states = [state, submission.create_state(draw_key(inputs))]
    images = draw_batch(inputs, 20)["image"]
    try:
        program = submission.predict.program(states[0], images)
    except Failure as failure:
        if not failure.compiled:
            raise
        program = submission.predict
    logits = [np.asarray(program(s, images).array("what `predict` returns"), np.float64) for s in states]
    for each, got in zip(states, logits, strict=True):
        params = params_of(submission, each)
        require_net(params, "what `get_params(create_state(key))` returns")
        want = dense.mlp(dense.layers_of(params.leaves, SIZES), images)
        off = difference(got - got.mean(-1, keepdims=True), want - want.mean(-1, keepdims=True))
        said = f"the logits are {off:.2g} of their size away from what Net gives with the parameters of the state."
        why, hint, misconception = (
            "All that a model knows is in the state that comes in.",
            "No parameters from elsewhere.",
            "",
        )
        if np.array_equal(*logits):
            draws = any("random" in name or "threefry" in name for name in getattr(program, "operations", ()))
            said = "`predict` gave the same logits for two different states."
            misconception = "L26" if draws else "C04"
            why += " Here they are made anew in every call." if draws else " Here they come from outside."
        elif np.allclose(got.sum(-1), 1, atol=HALF.limit):
            said, why = (
                "`predict` returned probabilities, not logits.",
                "The loss takes the softmax; `predict` does not.",
            )
            hint, misconception = "Return what the network gives, before any softmax.", "L25"
        require(HALF.holds(off), said, why, hint, misconception)


# fit


@pytest.fixture
def small(inputs: np.random.Generator) -> Batch:
    """150 images that are all different: two batches of 64, and 22 left over."""
    return draw_different(inputs, 150)


@pytest.fixture
def run(submission: Submission, state: Value, small: Batch, inputs: np.random.Generator) -> Run:
    """Three epochs that were watched, the same for all checks that look at them."""
    return submission.once("run", lambda: Run(submission, state, small, draw_key(inputs), trainings.EPOCHS_WATCHED))


@grades("fit", points=0.25)
def test_losses_per_epoch(submission, inputs, run):
    """`losses` has one number for each epoch: the mean over its batches, or the loss on all images after it.

    Why: the loss of one batch jumps about; a mean over each epoch shows whether the training still gets better.

    Blind to: errors below 0.1 %. Where `fit` does not call `train_step`, but a step of its own or a copy that was
    compiled before, all but how many losses there are, and that they are finite.
    """
    got = np.ravel(run.losses.array("the `losses` that `fit` returns"))
    why = "Each epoch ends with one number, so that the curve can be drawn."
    said = f"`losses` holds {len(got)} numbers for 3 epochs."
    require(len(got) == 3 and bool(np.all(np.isfinite(got))), said, why, "Append the mean of an epoch's losses.")
    for number, (value, records) in enumerate(zip(got, run.epochs, strict=False), 1):
        if not trainings.MEAN.holds(trainings.off(submission, value, records, run.small, inputs)):
            raise trainings.other_loss(value, number, run)


@grades("fit", points=0.25)
def test_follows_the_key(submission, inputs, run):
    """The same key gives the same training, another key another.

    Why: a training that cannot be repeated cannot be compared with another one.

    Blind to: all but the parameters after three epochs of 150 images; differences below 0.1 % between two runs with one
    key; what in the training it is that follows the key.
    """
    trainings.require_follows(submission, run, draw_key(inputs))


@grades("fit", points=0.5, evidence="observed")
def test_new_order_every_epoch(submission, run):
    """Every epoch visits each image at most once, with its own label, in an order of its own.

    Why: batches that are always the same teach the same mistakes, and images with labels of others teach nothing.

    Blind to: orders that are new, but not random; other trainings than three epochs of 150 images. Where `fit` does not
    call `train_step`, but a step of its own, everything.
    """
    orders = run.orders(run.small)
    for number, order in enumerate(orders, 1):
        if -1 in order:
            raise trainings.other_images(submission, run, number)
        matched = bool(np.array_equal(run.labels(number - 1), run.small["label"][order]))
        why = "Images and labels must be shuffled by one and the same permutation."
        said, hint = f"in epoch {number}, images came with labels that are not theirs.", "Draw it once, for both."
        require(matched, said, why, hint, "D08")
        trainings.require_batches(run.sizes(number - 1), order, number)
    said = "an epoch went through the images in the order in which they came."
    why = "Batches that are always the same teach the same mistakes."
    require(not any(map(trainings.as_they_came, orders)), said, why, "Use jax.random.permutation.")
    same = any(a == b for i, a in enumerate(orders) for b in orders[:i])
    why, hint = (
        "The same key gives the same permutation.",
        "Every epoch needs a key of its own, made from the one given.",
    )
    require(not same, "two epochs went through the images in the same order.", why, hint, "R14")


@grades("fit", points=0.25, evidence="observed")
def test_carries_the_state(submission, run):
    """Every step starts from the state that the step before returned, through all epochs.

    Why: a step that does not start from the last one's state throws away what was learnt, or what the optimizer
    remembers.

    Blind to: everything, where `fit` does not call `train_step`, but a step of its own; `reaches_accuracy` then sees
    the worst.
    """
    trainings.require_carried(run, submission)


@grades("fit", points=0.75)
def test_reaches_accuracy(submission, inputs):
    """After 20 epochs, at least 95 % of the digits that were held out are read correctly.

    Why: every part can be right by itself and the whole still learn nothing, and that is what a training is for.

    Blind to: mistakes that cost little, such as batches in the same order or an optimizer made anew in every epoch;
    `predict`, for the parameters are read out and used in NumPy; all but one training, or the mean of two where the
    first ends near the limit; what is lost after 10 epochs that clearly suffice. A `train_step` that is pure, but not
    compiled, is compiled for these 10.
    """
    accuracy = ACCURACY.settled(lambda: trainings.accuracy(submission, inputs))
    require(
        ACCURACY.holds(accuracy),
        f"after {EPOCHS} epochs, {accuracy:.1%} of the held-out digits were read correctly; {ACCURACY.limit:.0%} can be reached.",
        "The model learns too little: from too few steps, from wrong gradients, or with another optimizer.",
        "Does the loss fall from epoch to epoch? Does every epoch visit every batch?",
        "",
    )


# Last, because tracing anew makes older versions of JAX forget what was compiled; `traced_once` did so once before.
@grades("train_step", points=0.5, needs=("returns_state_and_loss",))
def test_pure_program(submission, state, inputs):
    """The program calls nothing on the host, and tracing it anew gives the same program.

    Why: what is printed, collected or drawn while JAX traces happens once, and is wrong or missing in every step after.

    Blind to: what Python writes elsewhere while JAX traces, unless it is a traced value or changes the program; and
    everything in a step that is compiled ahead of time.
    """
    batch = draw_batch(inputs, BATCH)
    try:
        first = traced_once(submission, state, batch)
        again = submission.train_step.program(state, batch, again=True, watch=True)
    except Failure as failure:
        if failure.compiled:
            return
        raise
    if first.callbacks:
        raise jitted.calls_back(submission, state, batch, first.callbacks)
    left = [place for place in first.wrote if place.kind == "tracer"]
    if left:
        raise jitted.left_behind(left[0])
    if first.traced.program != again.traced.program:
        raise jitted.bakes_in(again.wrote)
