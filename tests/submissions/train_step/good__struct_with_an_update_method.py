# A flax.struct dataclass of its own that takes the gradient in a method; the loss has an auxiliary output
# inside.
from typing import Sequence

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from flax import struct


class Net(nn.Module):
    features: Sequence[int]

    @nn.compact
    def __call__(self, x):
        for size in self.features[:-1]:
            x = nn.relu(nn.Dense(size)(x))
        return nn.Dense(self.features[-1])(x)


tx = optax.adam(3e-3)
net = Net((64, 10))


def loss_and_logits(params, batch):
    logits = net.apply({"params": params}, batch["image"])
    log_z = jax.nn.logsumexp(logits, axis=-1)
    picked = jnp.take_along_axis(logits, batch["label"][:, None], axis=-1)[:, 0]
    return (log_z - picked).mean(), logits


def loss_fn(params, batch):
    return loss_and_logits(params, batch)[0]


@struct.dataclass
class Model:
    params: dict
    opt_state: optax.OptState
    step: int = 0

    def apply_gradient(self, batch):
        (loss, logits), grads = jax.value_and_grad(loss_and_logits, has_aux=True)(self.params, batch)
        updates, opt_state = tx.update(grads, self.opt_state, self.params)
        params = optax.apply_updates(self.params, updates)
        accuracy = (logits.argmax(-1) == batch["label"]).mean()
        return self.replace(params=params, opt_state=opt_state, step=self.step + 1), {
            "loss": loss,
            "accuracy": accuracy,
        }


def create_state(key):
    params = net.init(key, jnp.zeros((1, 64), jnp.float32))["params"]
    return Model(params=params, opt_state=tx.init(params))


def get_params(state):
    return state.params


@jax.jit
def train_step(state, batch):
    state, metrics = state.apply_gradient(batch)
    return state, metrics["loss"]


def predict(state, images):
    return net.apply({"params": state.params}, images)


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
