# params, opt_state and the batch go by position into an update that donates the first two, as in big_vision;
# train_step packs them.
from functools import partial
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


def create_state(key):
    params = net.init(key, jnp.zeros((1, 64)))["params"]
    return params, tx.init(params)


def get_params(state):
    return state[0]


@partial(jax.jit, donate_argnums=(0, 1))
def update_fn(params, opt_state, images, labels):
    loss, grads = jax.value_and_grad(loss_fn)(params, {"image": images, "label": labels})
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def train_step(state, batch):
    params, opt_state, loss = update_fn(*state, batch["image"], batch["label"])
    return (params, opt_state), loss


def predict(state, images):
    return net.apply({"params": get_params(state)}, images)


def fit(state, images, labels, key, epochs):
    state = jax.tree.map(jnp.copy, state)
    losses = []
    for epoch in range(epochs):
        order = jnp.argsort(jax.random.uniform(jax.random.fold_in(key, epoch), (len(images),)))
        history = []
        for i in range(len(images) // 64):
            rows = jax.lax.dynamic_slice_in_dim(order, 64 * i, 64)
            state, loss = train_step(state, {"image": images[rows], "label": labels[rows]})
            history.append(float(loss))
        losses.append(sum(history) / len(history))
    return state, tuple(losses)
