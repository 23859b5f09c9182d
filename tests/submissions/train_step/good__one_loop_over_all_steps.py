# fit counts steps, not epochs: a single loop, a new order whenever one is used up; the last batch slides back
# over images already seen.
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


def fit(state, images, labels, key, epochs):
    per_epoch = -(-len(images) // 64)
    losses = jnp.zeros(epochs)
    for step in range(epochs * per_epoch):
        epoch, place = divmod(step, per_epoch)
        if place == 0:
            order = jax.random.permutation(jax.random.fold_in(key, epoch), len(images))
        # near the end dynamic_slice moves back until the whole batch fits
        rows = jax.lax.dynamic_slice(order, (64 * place,), (64,))
        state, loss = train_step(state, {"image": images[rows], "label": labels[rows]})
        losses = losses.at[epoch].add(loss / per_epoch)
    return state, losses
