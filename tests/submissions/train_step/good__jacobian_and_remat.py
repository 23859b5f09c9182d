# The gradient is the Jacobian of a scalar, jax.jacrev, and the network is recomputed in the backward pass
# with jax.checkpoint.
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


@jax.checkpoint
def logits_of(params, images):
    return net.apply({"params": params}, images)


def loss_fn(params, batch):
    log_p = jax.nn.log_softmax(logits_of(params, batch["image"]), axis=-1)
    return jnp.mean(-jnp.einsum("bc,bc->b", jax.nn.one_hot(batch["label"], 10), log_p))


def create_state(key):
    params = net.init(key, jnp.zeros((1, 64)))["params"]
    return TrainState.create(apply_fn=net.apply, params=params, tx=tx)


def get_params(state):
    return state.params


@jax.jit
def train_step(state, batch):
    grads = jax.jacrev(loss_fn)(state.params, batch)
    return state.apply_gradients(grads=grads), loss_fn(state.params, batch)


def predict(state, images):
    return logits_of(state.params, images)


def fit(state, images, labels, key, epochs):
    losses = []
    for _ in range(epochs):
        key, subkey = jax.random.split(key)
        order = jax.random.permutation(subkey, len(images))
        epoch_losses = []
        for start in range(0, len(images) - 63, 64):
            chosen = order[start : start + 64]
            state, loss = train_step(state, {"image": images[chosen], "label": labels[chosen]})
            epoch_losses.append(loss)
        losses.append(float(jnp.mean(jnp.array(epoch_losses))))
    return state, losses
