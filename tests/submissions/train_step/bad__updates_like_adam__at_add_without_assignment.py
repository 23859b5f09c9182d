# The parameters are one flat vector, and flat.at[:].add(updates) is called for its effect, which it has not.
# misconception: C13
# neighbour: good__one_flat_parameter_vector.py
from typing import Sequence

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from jax.flatten_util import ravel_pytree


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


template, unravel = ravel_pytree(net.init(jax.random.key(0), jnp.zeros((1, 64)))["params"])


def create_state(key):
    flat, _ = ravel_pytree(net.init(key, jnp.zeros((1, 64)))["params"])
    return {"flat": flat, "opt_state": tx.init(flat)}


def get_params(state):
    return unravel(state["flat"])


@jax.jit
def train_step(state, batch):
    flat, opt_state = state["flat"], state["opt_state"]
    loss, grads = jax.value_and_grad(lambda v: loss_fn(unravel(v), batch))(flat)
    updates, opt_state = tx.update(grads, opt_state)
    flat.at[:].add(updates)
    return {"flat": flat, "opt_state": opt_state}, loss


def predict(state, images):
    return net.apply({"params": get_params(state)}, images)


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
