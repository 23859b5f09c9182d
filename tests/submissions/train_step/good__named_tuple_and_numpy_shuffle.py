# NamedTuple state, the loss after the update is returned, and a NumPy generator seeded from the key shuffles
# on the host.
from typing import NamedTuple, Sequence

import jax
import jax.numpy as jnp
import numpy as np
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


class State(NamedTuple):
    params: dict
    opt_state: tuple


def create_state(key):
    params = net.init(key, jnp.zeros((1, 64)))["params"]
    return State(params, tx.init(params))


def get_params(state):
    return state.params


@jax.jit
def train_step(state, batch):
    grads = jax.grad(loss_fn)(state.params, batch)
    updates, opt_state = tx.update(grads, state.opt_state, state.params)
    state = state._replace(params=optax.apply_updates(state.params, updates), opt_state=opt_state)
    return state, loss_fn(state.params, batch)


def predict(state, images):
    return net.apply({"params": state.params}, images)


def fit(state, images, labels, key, epochs):
    seed = np.asarray(jax.random.key_data(key)).tolist()
    rng = np.random.default_rng(seed)
    images, labels = np.asarray(images), np.asarray(labels)
    losses = np.zeros(epochs)
    for epoch in range(epochs):
        order = rng.permutation(len(images))
        batches = [order[i : i + 64] for i in range(0, len(order) // 64 * 64, 64)]
        for chosen in batches:
            state, loss = train_step(state, {"image": images[chosen], "label": labels[chosen]})
            losses[epoch] += float(loss) / len(batches)
    return state, losses
