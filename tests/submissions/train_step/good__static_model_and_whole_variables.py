# The whole variables dict counts as params; model and optimiser are static arguments of one jitted step; the
# short last batch is kept.
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
    logits = net.apply(params, batch["image"])
    return optax.losses.softmax_cross_entropy_with_integer_labels(logits=logits, labels=batch["label"]).mean()


def create_state(key):
    params = net.init(key, jnp.zeros((1, 64)))
    return TrainState.create(apply_fn=net.apply, params=params, tx=tx)


def get_params(state):
    return state.params


@partial(jax.jit, static_argnums=(0, 1))
def step_with(model, optimiser, state, batch):
    def loss_of(params):
        logits = model.apply(params, batch["image"])
        return optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()

    loss, grads = jax.value_and_grad(loss_of)(state.params)
    updates, opt_state = optimiser.update(grads, state.opt_state, state.params)
    params = optax.apply_updates(state.params, updates)
    return state.replace(params=params, opt_state=opt_state), loss


train_step = partial(step_with, net, tx)


def predict(state, images):
    return state.apply_fn(state.params, images)


def fit(state, images, labels, key, epochs):
    losses = []
    for _ in range(epochs):
        key, shuffle_key = jax.random.split(key)
        order = jax.random.permutation(shuffle_key, len(images))
        epoch_losses = []
        for start in range(0, len(images), 64):
            chosen = order[start : start + 64]
            state, loss = train_step(state, {"image": images[chosen], "label": labels[chosen]})
            epoch_losses.append(loss)
        losses.append(jnp.stack(epoch_losses).mean())
    return state, jnp.stack(losses)
