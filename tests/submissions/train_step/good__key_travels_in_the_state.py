# A random key is part of the state and is split in every step, ready for a dropout that this network does not
# have.
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
    init_key, key = jax.random.split(key)
    params = net.init(init_key, jnp.zeros((1, 64)))["params"]
    return {"params": params, "opt_state": tx.init(params), "key": key, "step": jnp.zeros((), jnp.int32)}


def get_params(state):
    return state["params"]


@jax.jit
def train_step(state, batch):
    key, _ = jax.random.split(state["key"])

    def loss_and_logits(params):
        logits = net.apply({"params": params}, batch["image"])
        return optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean(), logits

    (loss, _), grads = jax.value_and_grad(loss_and_logits, has_aux=True)(state["params"])
    updates, opt_state = tx.update(grads, state["opt_state"])
    params = optax.apply_updates(state["params"], updates)
    return {"params": params, "opt_state": opt_state, "key": key, "step": state["step"] + 1}, loss


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
