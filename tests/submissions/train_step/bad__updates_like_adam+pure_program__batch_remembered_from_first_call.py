# The step trains on a module-level batch that is set by the first call; later batches are ignored.
# misconception: G18, C25
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


_batch = {}


@jax.jit
def _step(state):
    loss, grads = jax.value_and_grad(loss_fn)(state.params, _batch)
    return state.apply_gradients(grads=grads), loss


def train_step(state, batch):
    _batch.update(batch)
    return _step(state)


def predict(state, images):
    return state.apply_fn({"params": state.params}, images)


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
