# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: kernelspec,jupytext,stateless
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   stateless:
#     exercise: train_step
# ---

# %% [markdown]
# # A jitted train step that learns
#
# A training loop is a counter in disguise. Each step takes what the model knows so far, looks at a
# few examples, and hands on what the model knows now. So it can be written like the counter:
#
# ```python
# state, loss = train_step(state, batch)
# ```
#
# State in, state out, and a value beside it. In this notebook you build that line from its parts,
# and use it to teach a small network to read handwritten digits. On a laptop, the whole training
# takes a few seconds.
#
# ### How to work
#
# - Read from top to bottom and run the cells as you go (Shift + Enter).
# - Where a cell says `raise NotImplementedError`, replace that line with your own code. Keep the
#   names, the order of the arguments and the order of what is returned. All the rest is up to you.
# - Below your answer stands a cell such as `check("loss")`. Run it as often as you like.
# - Stuck? Ask for a hint: `stateless hint loss` in a terminal, or `!stateless hint loss` in a cell.
#   Each question has three of them.
# - Cells that need an answer which you have not written yet tell you so, and do no harm.

# %% tags=["setup"]
from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.training.train_state import TrainState
from IPython.display import display
from sklearn.datasets import load_digits

from autograders import check
from autograders.display.pictures import curve, digits, state_through_calls

Params = Any  # parameters: arrays in a nested dict, as Flax makes them
State = Any  # whatever you choose to carry from step to step, in any pytree
Batch = dict[str, jax.Array]  # {"image": float32 (B, 64), "label": int32 (B,)}

# %% [markdown]
# ## 1. The data
#
# Almost 1,800 digits, written by 43 people and shrunk to 8 by 8 grey pixels. Each image is a row
# of 64 numbers between 0 (paper) and 1 (ink). We shuffle them once, train on 1,400 of them, and
# put the other 397 aside: at the end they show whether the network has learned to *read*, or only
# to recite.

# %% nbgrader={"grade": false, "grade_id": "given_digits", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["setup"]
raw_images, raw_labels = load_digits(return_X_y=True)
shuffled = np.random.default_rng(0).permutation(len(raw_labels))
all_images = jnp.asarray(raw_images[shuffled] / 16.0, dtype=jnp.float32)
all_labels = jnp.asarray(raw_labels[shuffled], dtype=jnp.int32)

train_images, test_images = all_images[:1400], all_images[1400:]
train_labels, test_labels = all_labels[:1400], all_labels[1400:]

# %%
print("images:", train_images.shape, train_images.dtype)
print("labels:", train_labels.shape, train_labels.dtype)
digits(np.asarray(train_images[:16]), np.asarray(train_labels[:16]))

# %% [markdown]
# Some of them are hard for us, too. A **batch** is a handful of images with their labels, in a
# dict. `B` is how many there are:
#
# ```python
# {"image": float32 of shape (B, 64), "label": int32 of shape (B,)}
# ```

# %%
batch = {"image": train_images[:64], "label": train_labels[:64]}
print(jax.tree.map(jnp.shape, batch))

# %% [markdown]
# ## 2. The model and the optimizer
#
# Both are given. The network has a hidden layer of 64 numbers and ends in ten **logits**, one
# score for each digit: the higher the score, the more the network believes in that digit. A score
# may be any number.
#
# The optimizer, `tx`, turns gradients into changes of the parameters. Adam is a good first choice.

# %% nbgrader={"grade": false, "grade_id": "given_model", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["setup"]
class Net(nn.Module):
    """A multilayer perceptron: a dense layer per entry of `features`, ReLU between them."""

    features: Sequence[int]

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for size in self.features[:-1]:
            x = nn.relu(nn.Dense(size)(x))
        return nn.Dense(self.features[-1])(x)


model = Net((64, 10))
tx = optax.adam(3e-3)

# %% [markdown]
# Remember that the model holds no parameters. `model.init(key, sample)` makes them, and
# `model.apply(params, images)` uses them:

# %%
fresh_params = model.init(jax.random.key(0), train_images[:1])
logits = model.apply(fresh_params, train_images[:1])
print("parameters:", jax.tree.map(jnp.shape, fresh_params))
print("logits of the first image:", np.round(np.asarray(logits[0]), 2))

# %% [markdown]
# ## 3. How wrong is it?
#
# To learn, the network needs one number that says how wrong it was: the **loss**. First, the
# *softmax* turns ten scores into ten probabilities, all positive and one in sum. Then the
# *cross-entropy* looks only at the probability of the right digit, and takes minus its logarithm:

# %%
for probability in (0.99, 0.5, 0.1, 0.001):
    print(f"the right digit got {probability:5}:  cross-entropy {-np.log(probability):.2f}")

# %% [markdown]
# Sure and right costs almost nothing. Sure and wrong is expensive. And a network that knows
# nothing gives 0.1 to each digit, so what will an untrained one cost, roughly?
#
# There is one trap. Predict what this prints. By pencil and paper, the logarithms of the two
# probabilities are very nearly -200 and 0.

# %%
scores = jnp.array([0.0, 200.0])
print(jnp.log(jax.nn.softmax(scores)))

# %% [markdown]
# The first probability is so small that float32 rounds it to zero, and the logarithm of zero is
# minus infinity. One such number, and all gradients are lost. The cure is to work out softmax and
# logarithm *together*, without the tiny number in between. JAX (in `jax.nn`) and optax (in its
# losses) both have functions that do so. Look around, for example with `dir(optax)` or with Tab,
# and read which labels a function expects: some want one whole number per image, others ten
# probabilities.
#
# ### Question `loss` (2 points)
#
# Write the loss of a batch: the cross-entropy of each image, averaged over the batch. You choose
# in which form you keep `params`: as `model.init` returns it, or only what stands under `"params"`.
# Just stay with your choice in the questions that follow.
#
# (The check tries your loss on parameters from your own first state. So it stands a little further
# down, after the next question.)

# %% nbgrader={"grade": false, "grade_id": "loss_answer", "locked": false, "schema_version": 3, "solution": true, "task": false}
def loss_fn(params: Params, batch: Batch) -> jax.Array:
    """Return the mean softmax cross-entropy of `model` over a batch.

    Contract: state in, state out. Nothing is kept in a global, in a default argument or in a Ref
    that outlives the call; the loss depends on `params` and `batch` alone.

    Args:
        params: the parameters of `model`, in the form that `get_params` (next question) returns.
        batch: {"image": float32 (B, 64), "label": int32 (B,)}, for any B.

    Returns:
        loss: a float32 scalar, shape (); right and finite even for logits as large as 200.
    """
    ### BEGIN SOLUTION
    logits = model.apply({"params": params}, batch["image"])
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"])
    return losses.mean()
    ### END SOLUTION

# %% [markdown]
# ## 4. What has to be remembered?
#
# The parameters, of course. But they are not all. Adam remembers, for each parameter, what its
# recent gradients were like, and it counts its steps. Here is what it remembers about a single
# parameter `w`, a vector of three numbers:

# %%
adam_state, _ = tx.init({"w": jnp.zeros(3)})
print("count:", adam_state.count)
print("mu:   ", adam_state.mu)
print("nu:   ", adam_state.nu)

# %% [markdown]
# `count` is the number of steps, `mu` a running mean of the gradients, `nu` a running mean of their
# squares: old friends from the counter notebook. This is the **optimizer state**, and the train
# step has to carry it along just like the parameters. You could do so in a tuple
# `(params, opt_state)`. Flax has a ready-made pytree for the purpose, `TrainState`:
#
# ```python
# state = TrainState.create(apply_fn=..., params=..., tx=...)   # makes the optimizer state, too
#
# state.params                                    # what is in it
# state.opt_state
# new_state = state.apply_gradients(grads=...)    # a new state; the old one stays as it is
# ```
#
# ### Question `state` (1 point)
#
# Make the first state of a training. Either form will do. Below it stands `get_params`, through
# which we look up the parameters in your state. It is written for a `TrainState`; if your state is
# something else, change it to fit.
#
# Two checks stand below your answer: one for `loss`, one for `state`.

# %% nbgrader={"grade": false, "grade_id": "state_answer", "locked": false, "schema_version": 3, "solution": true, "task": false}
def create_state(key: jax.Array) -> State:
    """Make the state that a training starts from.

    Contract: state in, state out. Nothing is kept in a global, in a default argument or in a Ref
    that outlives the call; the same key gives the same state.

    Args:
        key: a random key, as made by `jax.random.key`.

    Returns:
        state: fresh parameters of `model` (float32) and the fresh state of `tx` for them, in any
            pytree that `jax.jit` accepts.
    """
    ### BEGIN SOLUTION
    params = model.init(key, jnp.zeros((1, 64)))["params"]
    return TrainState.create(apply_fn=model.apply, params=params, tx=tx)
    ### END SOLUTION


def get_params(state: State) -> Params:
    """Return the parameters in `state`, in the form that `loss_fn` takes."""
    return state.params

# %% nbgrader={"grade": true, "grade_id": "loss", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("loss")

# %% nbgrader={"grade": true, "grade_id": "state", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("state")

# %% [markdown]
# Now we can measure an untrained network. Think of what it should cost (you have met the number
# above), then run.

# %%
try:
    state = create_state(jax.random.key(0))
    print("loss of an untrained network:", loss_fn(get_params(state), batch))
except NotImplementedError:
    print("Solve loss and state first, then run this cell again.")

# %% [markdown]
# ## 5. One step
#
# A train step does four things: compute the loss, compute its gradient with respect to the
# parameters, let the optimizer turn the gradient into an update, and add the update to the
# parameters. Here they are on a toy: one single parameter `w`, which is to find the number 3. The
# state is a pair of `w` and the optimizer's state.

# %%
toy_tx = optax.sgd(0.1)


def toy_loss(w: jax.Array) -> jax.Array:
    return (w - 3.0) ** 2


@jax.jit
def toy_step(state: State) -> tuple[State, jax.Array]:
    w, opt_state = state
    loss, grad = jax.value_and_grad(toy_loss)(w)
    update, opt_state = toy_tx.update(grad, opt_state, w)
    w = optax.apply_updates(w, update)
    return (w, opt_state), loss


w = jnp.array(0.0)
toy_state = (w, toy_tx.init(w))
for _ in range(5):
    toy_state, toy_value = toy_step(toy_state)
    print(f"loss {toy_value:.3f}   w {toy_state[0]:.3f}")

# %% [markdown]
# - `jax.value_and_grad(f)` is a function that returns the value of `f` *and* its gradient with
#   respect to its first argument.
# - `toy_tx.update` returns the update *and* the new optimizer state.
# - `optax.apply_updates` adds the update to `w`. (The minus sign of "downhill" is in it already.)
# - `state.apply_gradients(grads=...)` of a `TrainState` does the last two in one go.
#
# And here is what you are about to build. Only the names differ from the picture of the counter:

# %%
state_through_calls(
    "train_step",
    states=["$s_0$", "$s_1$", "$s_2$", "$s_3$"],
    values=["loss", "loss", "loss"],
)

# %% [markdown]
# ### Question `train_step` (4 points)
#
# Write one step of training on one batch, compiled as a whole with `jax.jit`.
#
# A word of warning. A step that forgets part of the state, say one that makes a fresh optimizer
# state every time, **still learns**. The loss goes down, only not as it should, and you would
# hardly see it in a curve. That is why the check compares your steps with Adam's, number by
# number, for several steps in a row.

# %% nbgrader={"grade": false, "grade_id": "train_step_answer", "locked": false, "schema_version": 3, "solution": true, "task": false}
@jax.jit
def train_step(state: State, batch: Batch) -> tuple[State, jax.Array]:
    """Take one optimizer step on a batch.

    Contract: state in, state out. Nothing is kept in a global, in a default argument or in a Ref
    that outlives the call; `state` and `batch` are not changed; the result depends on both.

    Args:
        state: as returned by `create_state` or by an earlier step.
        batch: {"image": float32 (B, 64), "label": int32 (B,)}.

    Returns:
        state: the state after one step of `tx` on the gradient of `loss_fn`, with the structure,
            shapes and dtypes of the state given.
        loss: the loss on `batch`, a float32 scalar of shape ().
    """
    ### BEGIN SOLUTION
    loss, grads = jax.value_and_grad(loss_fn)(state.params, batch)
    return state.apply_gradients(grads=grads), loss
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "train_step", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("train_step")

# %% [markdown]
# Take thirty steps on one and the same batch. What should the loss do? And after that, take one
# more step from the **first** state. Which of the losses that you have already seen comes back?

# %%
try:
    state = create_state(jax.random.key(0))
    for number in range(30):
        state, batch_loss = train_step(state, batch)
        if number % 5 == 0:
            print(f"step {number:2}: loss {batch_loss:.4f}")

    _, batch_loss = train_step(create_state(jax.random.key(0)), batch)
    print(f"from the first state again: loss {batch_loss:.4f}")
except NotImplementedError:
    print("Solve the questions above first, then run this cell again.")

# %% [markdown]
# The past can be repeated exactly, because all of it is in the state.

# %% [markdown]
# ## 6. What does it say?
#
# ### Question `predict` (1 point)
#
# Return the ten logits for each image, computed with the parameters in the state that you are
# given. (The digit with the highest score is the network's guess.)

# %% nbgrader={"grade": false, "grade_id": "predict_answer", "locked": false, "schema_version": 3, "solution": true, "task": false}
def predict(state: State, images: jax.Array) -> jax.Array:
    """Compute the logits of some images.

    Contract: state in. Nothing is kept in a global, in a default argument or in a Ref that
    outlives the call; the answer depends on `state` and `images` alone.

    Args:
        state: as returned by `create_state` or `train_step`.
        images: float32, shape (B, 64).

    Returns:
        logits: float32, shape (B, 10).
    """
    ### BEGIN SOLUTION
    return model.apply({"params": state.params}, images)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "predict", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("predict")

# %% [markdown]
# Here is a small function that measures how many images are read correctly, the **accuracy**.
# Predict: how good is a network that has learned nothing?
#
# (Pure guessing gives about one in ten. A fresh network may be a little luckier or unluckier.)

# %%
def share_read_correctly(state: State, images: jax.Array, labels: jax.Array) -> float:
    guesses = predict(state, images).argmax(axis=-1)
    return float((guesses == labels).mean())


try:
    state = create_state(jax.random.key(0))
    print(f"before training: {share_read_correctly(state, test_images, test_labels):.1%}")
except NotImplementedError:
    print("Solve state and predict first, then run this cell again.")

# %% [markdown]
# ## 7. The whole training
#
# One tour through all images is called an **epoch**. In each epoch the images come in a new random
# order, cut into batches of 64, and every batch makes one step. Two tools of JAX will help. The
# first draws a random order; with an array, `array[order]` then picks its rows in that order:

# %%
eight_places = jax.random.permutation(jax.random.key(0), 8)
print(eight_places)
print(jnp.arange(0, 80, 10)[eight_places])

# %% [markdown]
# The second is about keys. A key is no machine that hands out new numbers: **the same key always
# gives the same numbers**. So a key is used once, and whoever needs more splits it. Predict which
# of these orders are alike.

# %%
key = jax.random.key(0)
print("same key:     ", jax.random.permutation(key, 8))
print("same key:     ", jax.random.permutation(key, 8))

key, this_time = jax.random.split(key)
print("after a split:", jax.random.permutation(this_time, 8))
key, this_time = jax.random.split(key)
print("and another:  ", jax.random.permutation(this_time, 8))

# %% [markdown]
# Look at `key, this_time = jax.random.split(key)`: something goes in, comes out renewed, and there
# is a value beside it. A key is a state, too.
#
# ### Question `fit` (2 points)
#
# Put it all together: train for some epochs by calling your own `train_step`, and return the last
# state and one loss for each epoch. This is an ordinary Python loop and need not be compiled.
#
# - The batch size is 64. What is left over at the end of an epoch, less than 64 images, may be left
#   out, be a short batch of its own, or be filled up to 64.
# - Each epoch has a new order, drawn from `key`, and shows no image twice (but for filling up).
# - The same key gives the same training, another key another one.
# - The state, with all that the optimizer remembers, lives on from one epoch to the next.

# %% nbgrader={"grade": false, "grade_id": "fit_answer", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fit(
    state: State, images: jax.Array, labels: jax.Array, key: jax.Array, epochs: int
) -> tuple[State, Sequence[float]]:
    """Train for some epochs, with batches of 64 in a new random order each epoch.

    Contract: state in, state out. Nothing is kept in a global, in a default argument or in a Ref
    that outlives the call; all randomness comes from `key`.

    Args:
        state: as returned by `create_state` or by an earlier training.
        images: float32, shape (N, 64), with N at least 64.
        labels: int32, shape (N,).
        key: a random key, as made by `jax.random.key`.
        epochs: how often to go through all images, a Python int.

    Returns:
        state: the state after the last step.
        losses: one number per epoch: the mean loss of its batches (or the loss on all images
            after it).
    """
    ### BEGIN SOLUTION
    batch_size = 64
    steps = len(images) // batch_size
    losses = []
    for _ in range(epochs):
        key, shuffle_key = jax.random.split(key)
        order = jax.random.permutation(shuffle_key, len(images))
        batch_losses = []
        for step in range(steps):
            rows = order[step * batch_size : (step + 1) * batch_size]
            batch = {"image": images[rows], "label": labels[rows]}
            state, loss = train_step(state, batch)
            batch_losses.append(loss)
        losses.append(float(jnp.stack(batch_losses).mean()))
    return state, losses
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "fit", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("fit")

# %% [markdown]
# ## 8. Does it read?
#
# Twenty epochs of your own training. Then we show the network the 397 images that it has never
# seen. What is your bet?

# %%
try:
    state = create_state(jax.random.key(0))
    print(f"before training: {share_read_correctly(state, test_images, test_labels):.1%}")
    trained, losses = fit(state, train_images, train_labels, jax.random.key(1), epochs=20)
    print(f"after training:  {share_read_correctly(trained, test_images, test_labels):.1%}")
    display(curve(losses, "epoch", "loss"))
except NotImplementedError:
    print("Solve the questions above first, then run this cell again.")

# %% [markdown]
# Here are the mistakes of your network, in orange: first its guess, then what it should have been.
# After them come some digits that it has read correctly. Would you have done better?

# %%
try:
    guesses = np.asarray(predict(trained, test_images).argmax(axis=-1))
    wrong_first = np.argsort(guesses == np.asarray(test_labels), kind="stable")[:24]
    chosen = np.asarray(test_images)[wrong_first]
    display(digits(chosen, np.asarray(test_labels)[wrong_first], guesses[wrong_first]))
except (NotImplementedError, NameError):
    print("Solve the questions above first, then run this cell again.")

# %% [markdown]
# ## What you take with you
#
# - A train step is a pure function, `state, loss = train_step(state, batch)`: a counter whose
#   number is a whole network.
# - The state is **everything** that the next step needs: the parameters, and all that the optimizer
#   remembers. What is left behind is lost, and no error tells you.
# - Randomness is state as well: a key goes in, and new keys come out of `split`.
#
# You have gone from a counter that stopped counting to a network that reads. If you are curious,
# try a hidden layer of another size, fewer training images, or a mean over the parameters of two
# trained networks. They are only data, and they are in your hands.
