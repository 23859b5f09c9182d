# A plain tuple of parameters, optimiser state and step; jax.jit is applied after the definition.
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
    log_p = jax.nn.log_softmax(logits)
    one_hot = jax.nn.one_hot(batch["label"], 10)
    return -(one_hot * log_p).sum(axis=-1).mean()


def create_state(key):
    params = net.init(key, jnp.zeros((64,)))["params"]
    return params, tx.init(params), 0


def get_params(state):
    return state[0]


def _train_step(state, batch):
    params, opt_state, step = state
    loss = loss_fn(params, batch)
    grads = jax.grad(loss_fn)(params, batch)
    updates, opt_state = tx.update(grads, opt_state)
    params = optax.apply_updates(params, updates)
    return (params, opt_state, step + 1), loss


train_step = jax.jit(_train_step)


def predict(state, images):
    params, _, _ = state
    return net.apply({"params": params}, images)


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
