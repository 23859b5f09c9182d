# Prints while tracing and waits for the loss after every step: slow habits, but right.
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
    print("tracing train_step for", batch["image"].shape)
    loss, grads = jax.value_and_grad(loss_fn)(state.params, batch)
    return state.apply_gradients(grads=grads), loss


def predict(state, images):
    return net.apply({"params": state.params}, images)


def fit(state, images, labels, key, epochs):
    losses = []
    for epoch in range(epochs):
        key, shuffle = jax.random.split(key)
        order = jax.random.choice(shuffle, len(images), (len(images),), replace=False)
        running = 0.0
        for b in range(len(images) // 64):
            rows = order[b * 64 : (b + 1) * 64]
            state, loss = train_step(state, {"image": images[rows], "label": labels[rows]})
            running += loss.item()
        losses.append(running / (len(images) // 64))
        print(f"epoch {epoch}: {losses[-1]:.4f}")
    return state, losses
