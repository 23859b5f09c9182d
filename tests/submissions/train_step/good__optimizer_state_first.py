# The state is (opt_state, params), and the loss takes the apply function as a static argument by keyword.
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


def loss_fn(params, batch):
    logits = net.apply({"params": params}, batch["image"])
    return optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()


def create_state(key):
    variables = net.init(key, jnp.ones((4, 64)))
    params = variables.pop("params")
    return tx.init(params), params


def get_params(state):
    return state[1]


def loss_of(params, batch, *, apply_fn):
    logits = apply_fn({"params": params}, batch["image"])
    return jnp.average(optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]))


@partial(jax.jit, static_argnames="apply_fn")
def step(opt_state, params, batch, apply_fn):
    value, grads = jax.value_and_grad(loss_of)(params, batch, apply_fn=apply_fn)
    updates, opt_state = tx.update(grads, opt_state)
    return (opt_state, optax.apply_updates(params, updates)), value


def train_step(state, batch):
    return step(*state, batch, apply_fn=net.apply)


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
