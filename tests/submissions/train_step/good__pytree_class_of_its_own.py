# A class with tree_flatten and tree_unflatten carries parameters and optimizer state.
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


@jax.tree_util.register_pytree_node_class
class Learner:
    def __init__(self, params, opt_state):
        self.params = params
        self.opt_state = opt_state

    def tree_flatten(self):
        return (self.params, self.opt_state), None

    @classmethod
    def tree_unflatten(cls, _, children):
        return cls(*children)

    def moved_by(self, grads):
        updates, opt_state = tx.update(grads, self.opt_state, self.params)
        return Learner(optax.apply_updates(self.params, updates), opt_state)


def create_state(key):
    params = net.init(key, jnp.zeros((1, 64)))["params"]
    return Learner(params, tx.init(params))


def get_params(state):
    return state.params


@jax.jit
def train_step(state, batch):
    loss, grads = jax.value_and_grad(loss_fn)(state.params, batch)
    return state.moved_by(grads), loss


def predict(state, images):
    return net.apply({"params": state.params}, images)


def fit(state, images, labels, key, epochs):
    n_batches = len(images) // 64
    losses = []
    for epoch in range(epochs):
        order = jax.random.permutation(jax.random.fold_in(key, epoch), len(images))
        total = 0.0
        for chosen in order[: n_batches * 64].reshape((n_batches, 64)):
            state, loss = train_step(state, {"image": images[chosen], "label": labels[chosen]})
            total += float(loss)
        losses.append(total / n_batches)
    return state, losses
