# A raw dict as the state; the step is a closure made by a factory, jitted with its state donated.
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
    labels = jax.nn.one_hot(batch["label"], logits.shape[-1])
    return jnp.mean(optax.softmax_cross_entropy(logits, labels))


def create_state(key):
    variables = jax.jit(net.init)(key, jnp.ones((2, 64)))
    return {"params": variables["params"], "opt": tx.init(variables["params"])}


def get_params(state):
    return state["params"]


def make_step(loss, optimiser):
    def step(state, batch):
        value, grads = jax.value_and_grad(loss)(state["params"], batch)
        updates, opt = optimiser.update(grads, state["opt"], state["params"])
        return {"params": optax.apply_updates(state["params"], updates), "opt": opt}, value

    return jax.jit(step, donate_argnums=(0,))


train_step = make_step(loss_fn, tx)


@jax.jit
def predict(state, images):
    return net.apply({"params": state["params"]}, images)


def fit(state, images, labels, key, epochs):
    history = []
    for epoch_key in jax.random.split(key, epochs):
        order = jax.random.permutation(epoch_key, images.shape[0])
        images_now, labels_now = images[order], labels[order]
        values = []
        for i in range(images.shape[0] // 64):
            part = slice(64 * i, 64 * (i + 1))
            state, value = train_step(state, {"image": images_now[part], "label": labels_now[part]})
            values.append(value)
        history.append(sum(values) / len(values))
    return state, history
