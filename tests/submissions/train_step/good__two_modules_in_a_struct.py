# Hidden layer and output layer are modules of their own; their parameters live in a flax.struct dataclass, as
# in cleanrl.
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


hidden_layer = nn.Dense(64)
output_layer = nn.Dense(10)


@struct.dataclass
class Params:
    hidden: dict
    output: dict


def logits_of(params, images):
    return output_layer.apply(params.output, nn.relu(hidden_layer.apply(params.hidden, images)))


def loss_fn(params, batch):
    log_p = jax.nn.log_softmax(logits_of(params, batch["image"]))
    return -jnp.take_along_axis(log_p, batch["label"][:, None], axis=1).mean()


def create_state(key):
    hidden_key, output_key = jax.random.split(key)
    params = Params(
        hidden=hidden_layer.init(hidden_key, jnp.zeros((1, 64))),
        output=output_layer.init(output_key, jnp.zeros((1, 64))),
    )
    return {"params": params, "opt_state": tx.init(params)}


def get_params(state):
    return state["params"]


@jax.jit
def train_step(state, batch):
    loss, grads = jax.value_and_grad(loss_fn)(state["params"], batch)
    updates, opt_state = tx.update(grads, state["opt_state"], state["params"])
    return {"params": optax.apply_updates(state["params"], updates), "opt_state": opt_state}, loss


def predict(state, images):
    return logits_of(state["params"], images)


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
