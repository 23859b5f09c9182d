# Trains by a scan over gradient descent of its own, which is right in all its parts and far too slow.
# misconception: none
# neighbour: good__scan_over_the_batches_of_an_epoch.py
from typing import Sequence

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from flax.training.train_state import TrainState


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
    return TrainState.create(apply_fn=net.apply, params=params, tx=tx)


def get_params(state):
    return state.params


@jax.jit
def train_step(state, batch):
    loss, grads = jax.value_and_grad(loss_fn)(state.params, batch)
    return state.apply_gradients(grads=grads), loss


def predict(state, images):
    return net.apply({"params": state.params}, images)


@jax.jit
def descend(params, batch):
    loss, grads = jax.value_and_grad(loss_fn)(params, batch)
    return jax.tree.map(lambda p, g: p - 3e-3 * g, params, grads), loss


def fit(state, images, labels, key, epochs):
    count, params, losses = len(images) // 64, state.params, []
    for epoch in range(epochs):
        rows = jax.random.permutation(jax.random.fold_in(key, epoch), len(images))[: 64 * count].reshape(count, 64)
        params, epoch_losses = jax.lax.scan(descend, params, {"image": images[rows], "label": labels[rows]})
        losses.append(epoch_losses.mean())
    return state.replace(params=params), losses
