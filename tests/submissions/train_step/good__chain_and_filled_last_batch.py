# Builds the same optimiser from its parts; the last batch is filled up from the start of the order; losses
# are taken on all images.
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
    log_p = jax.nn.log_softmax(logits)
    one_hot = jax.nn.one_hot(batch["label"], 10)
    return -(one_hot * log_p).sum(axis=-1).mean()


optimiser = optax.chain(optax.scale_by_adam(), optax.scale(-3e-3))


def create_state(key):
    params = net.init({"params": key}, jnp.zeros((1, 64)))["params"]
    return TrainState.create(apply_fn=net.apply, params=params, tx=optimiser)


def get_params(state):
    return state.params


@jax.jit
def train_step(state, batch):
    def loss_of(params):
        current = state.replace(params=params)
        logits = current.apply_fn({"params": current.params}, batch["image"])
        one_hot = jax.nn.one_hot(batch["label"], 10)
        return optax.softmax_cross_entropy(logits, one_hot).mean()

    loss, grads = jax.value_and_grad(loss_of)(state.params)
    updates, opt_state = state.tx.update(grads, state.opt_state, state.params)
    params = optax.apply_updates(state.params, updates)
    return state.replace(params=params, opt_state=opt_state), loss


def predict(state, images):
    # the same classes with the same probabilities: logits up to a constant per row
    return jax.nn.log_softmax(net.apply({"params": state.params}, images))


def fit(state, images, labels, key, epochs):
    n = len(images)
    n_batches = -(-n // 64)
    losses = []
    for _ in range(epochs):
        key, subkey = jax.random.split(key)
        order = jnp.resize(jax.random.permutation(subkey, n), (n_batches, 64))
        for chosen in order:
            state, _ = train_step(state, {"image": images[chosen], "label": labels[chosen]})
        losses.append(float(loss_fn(state.params, {"image": images, "label": labels})))
    return state, losses
