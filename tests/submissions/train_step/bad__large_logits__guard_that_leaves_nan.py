# Guards the overflow of exp with jnp.where: the loss is right for large logits, and its gradient is nan.
# misconception: G15
# neighbour: good__scan_over_the_batches_of_an_epoch.py
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
    rows = jnp.arange(len(logits))
    plain = jnp.log(jnp.exp(logits).sum(-1))
    largest = logits.max(-1)
    log_sum = jnp.where(largest < 80, plain, largest)
    return (log_sum - logits[rows, batch["label"]]).mean()


def create_state(key):
    params = net.init(key, jnp.zeros((1, 64)))["params"]
    return params, tx.init(params)


def get_params(state):
    return state[0]


@jax.jit
def train_step(state, batch):
    params, opt_state = state
    loss, grads = jax.value_and_grad(loss_fn)(params, batch)
    updates, opt_state = tx.update(grads, opt_state, params)
    return (optax.apply_updates(params, updates), opt_state), loss


def predict(state, images):
    return net.apply({"params": get_params(state)}, images)


@jax.jit
def one_epoch(state, batches):
    return jax.lax.scan(train_step, state, batches)


def fit(state, images, labels, key, epochs):
    count = len(images) // 64
    losses = []
    for epoch in range(epochs):
        rows = jax.random.permutation(jax.random.fold_in(key, epoch), len(images))[: 64 * count].reshape(count, 64)
        state, step_losses = one_epoch(state, {"image": images[rows], "label": labels[rows]})
        losses.append(step_losses.mean())
    return state, losses
