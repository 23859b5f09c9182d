# Calls apply_updates(updates, params): the two are only added, so the order does not matter here.
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
    params = net.init(key, jnp.zeros((1, 64)))["params"]
    return params, tx.init(params)


def get_params(state):
    return state[0]


@jax.jit
def train_step(state, batch):
    params, opt_state = state
    loss, grads = jax.value_and_grad(loss_fn)(params, batch)
    updates, opt_state = tx.update(grads, opt_state, params)
    return (optax.apply_updates(updates, params), opt_state), loss


def predict(state, images):
    return net.apply({"params": get_params(state)}, images)


def batches(key, images, labels):
    images, labels = (jax.random.permutation(key, x) for x in (images, labels))
    for i in range(len(images) // 64):
        yield {"image": images[64 * i : 64 * i + 64], "label": labels[64 * i : 64 * i + 64]}


def fit(state, images, labels, key, epochs):
    curve = []
    for epoch_key in jax.random.split(key, epochs):
        losses = []
        for batch in batches(epoch_key, images, labels):
            state, loss = train_step(state, batch)
            losses.append(loss)
        curve.append(jnp.stack(losses).mean())
    return state, jnp.array(curve)
