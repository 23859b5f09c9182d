# scale_by_adam gives the direction; the step along it is subtracted with the rate by hand.
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


direction = optax.scale_by_adam()


def create_state(key):
    params = net.init(key, jnp.zeros((1, 64)))["params"]
    return {"params": params, "memory": direction.init(params)}


def get_params(state):
    return state["params"]


@jax.jit
def train_step(state, batch):
    loss, grads = jax.value_and_grad(loss_fn)(state["params"], batch)
    steps, memory = direction.update(grads, state["memory"])
    params = jax.tree.map(lambda p, s: p - 3e-3 * s, state["params"], steps)
    return {"params": params, "memory": memory}, loss


def predict(state, images):
    return net.apply({"params": get_params(state)}, images)


def fit(state, images, labels, key, epochs):
    losses = []
    for subkey in jax.random.split(key, epochs):
        order = jax.random.permutation(subkey, len(images))
        for start in range(0, len(images), 64):
            rows = order[start : start + 64]
            state, _ = train_step(state, {"image": images[rows], "label": labels[rows]})
        losses.append(loss_fn(state["params"], {"image": images, "label": labels}))
    return state, losses
