# Writes the arithmetic of Adam out with jax.tree.map; the numbers are those of the given optimiser.
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
    zeros = jax.tree.map(jnp.zeros_like, params)
    return {"params": params, "m": zeros, "v": zeros, "t": jnp.int32(0)}


def get_params(state):
    return state["params"]


@jax.jit
def train_step(state, batch):
    loss, grads = jax.value_and_grad(loss_fn)(state["params"], batch)
    t = state["t"] + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state["m"], grads)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, state["v"], grads)

    def move(p, m, v):
        m_hat = m / (1 - 0.9**t)
        v_hat = v / (1 - 0.999**t)
        return p - 3e-3 * m_hat / (jnp.sqrt(v_hat) + 1e-8)

    params = jax.tree.map(move, state["params"], m, v)
    return {"params": params, "m": m, "v": v, "t": t}, loss


def predict(state, images):
    return net.apply({"params": state["params"]}, images)


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
