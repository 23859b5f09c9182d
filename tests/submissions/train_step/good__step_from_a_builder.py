# Functions that build functions: one makes loss and gradient for a model, one the update for an optimizer;
# partial ties them together.
from functools import partial
from typing import Sequence

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for size in self.features[:-1]:
            x = nn.relu(nn.Dense(size)(x))
        return nn.Dense(self.features[-1])(x)


tx = optax.adam(3e-3)
net = Net((64, 10))


def make_loss(apply):
    def loss(params, batch):
        per_image = jax.vmap(optax.softmax_cross_entropy_with_integer_labels)(
            apply({"params": params}, batch["image"]), batch["label"]
        )
        return per_image.sum() / per_image.size

    return loss


loss_fn = make_loss(net.apply)


def create_state(key):
    params = net.init(key, jnp.zeros((1, 64)))["params"]
    return {"params": params, "opt_state": tx.init(params)}


def get_params(state):
    return state["params"]


def one_update(value_and_grad, optimizer, state, batch):
    loss, grads = value_and_grad(state["params"], batch)
    updates, opt_state = optimizer.update(grads, state["opt_state"])
    return {**state, "params": optax.apply_updates(state["params"], updates), "opt_state": opt_state}, loss


train_step = jax.jit(partial(one_update, jax.value_and_grad(loss_fn), tx), donate_argnames="state")


def predict(state, images):
    return net.apply({"params": get_params(state)}, images)


def fit(state, images, labels, key, epochs):
    n_batches = len(images) // 64
    losses = []
    for epoch in range(epochs):
        order = jax.random.permutation(jax.random.fold_in(key, epoch), len(images))
        total = 0.0
        for chosen in order[: n_batches * 64].reshape((n_batches, 64)):
            state, loss = train_step(state, {"image": images[chosen], "label": labels[chosen]})
            total += float(loss)
        losses.append(total / n_batches)
    return state, losses
