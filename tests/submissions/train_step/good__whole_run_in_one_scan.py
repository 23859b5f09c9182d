# fit is one jitted program: a scan over epochs, and in it a scan over batches whose body is train_step.
from functools import partial
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


@partial(jax.jit, static_argnames="epochs")
def fit(state, images, labels, key, epochs):
    n_batches = len(images) // 64

    def one_epoch(state, epoch_key):
        order = jax.random.permutation(epoch_key, len(images))[: 64 * n_batches].reshape((n_batches, 64))
        batches = {"image": jnp.asarray(images)[order], "label": jnp.asarray(labels)[order]}
        state, losses = jax.lax.scan(train_step, state, batches)
        return state, losses.mean()

    return jax.lax.scan(one_epoch, state, jax.random.split(key, epochs))
