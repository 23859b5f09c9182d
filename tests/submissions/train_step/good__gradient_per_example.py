# Thinks in single examples: the loss is vmapped, and the step averages the gradients of the examples.
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


def example_loss(params, image, label):
    logits = net.apply({"params": params}, image)
    return -jax.nn.log_softmax(logits)[label]


def loss_fn(params, batch):
    return jax.vmap(example_loss, in_axes=(None, 0, 0))(params, batch["image"], batch["label"]).mean()


def create_state(key):
    params = net.init(key, jnp.zeros((1, 64)))["params"]
    return TrainState.create(apply_fn=net.apply, params=params, tx=tx)


def get_params(state):
    return state.params


@jax.jit
def train_step(state, batch):
    per_example = jax.vmap(jax.value_and_grad(example_loss), in_axes=(None, 0, 0))
    losses, grads = per_example(state.params, batch["image"], batch["label"])
    grads = jax.tree.map(lambda g: g.mean(axis=0), grads)
    return state.apply_gradients(grads=grads), losses.mean()


def predict(state, images):
    return jax.vmap(lambda image: net.apply({"params": state.params}, image))(images)


def fit(state, images, labels, key, epochs):
    losses = []
    for _ in range(epochs):
        key, subkey = jax.random.split(key)
        order = jax.random.permutation(subkey, len(images))
        epoch_losses = []
        for start in range(0, len(images) - 63, 64):
            chosen = order[start : start + 64]
            batch = {"image": images[chosen], "label": labels[chosen]}
            state, loss = train_step(state, batch)
            epoch_losses.append(loss)
        losses.append(float(jnp.mean(jnp.array(epoch_losses))))
    return state, losses
