# predict returns softmax probabilities where logits are asked for.
# misconception: L25
# neighbour: good__train_state.py
from typing import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.training.train_state import TrainState


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for f in self.features[:-1]:
            x = nn.relu(nn.Dense(f)(x))
        return nn.Dense(self.features[-1])(x)


tx = optax.adam(3e-3)


def get_params(state):
    return state.params


model = Net((64, 10))


def loss_fn(params, batch):
    logits = model.apply({"params": params}, batch["image"])
    return optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()


def create_state(key):
    params = model.init(key, jnp.ones((1, 64)))["params"]
    return TrainState.create(apply_fn=model.apply, params=params, tx=tx)


@jax.jit
def train_step(state, batch):
    loss, grads = jax.value_and_grad(loss_fn)(state.params, batch)
    state = state.apply_gradients(grads=grads)
    return state, loss


def predict(state, images):
    logits = state.apply_fn({"params": state.params}, images)
    return nn.softmax(logits, axis=-1)


def fit(state, images, labels, key, epochs):
    n = len(images)
    losses = []
    for epoch in range(epochs):
        key, sub = jax.random.split(key)
        order = jax.random.permutation(sub, n)
        epoch_losses = []
        for i in range(n // 64):
            idx = order[i * 64:(i + 1) * 64]
            batch = {"image": images[idx], "label": labels[idx]}
            state, loss = train_step(state, batch)
            epoch_losses.append(float(loss))
        losses.append(sum(epoch_losses) / len(epoch_losses))
    return state, losses
