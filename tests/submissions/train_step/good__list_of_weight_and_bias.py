# From scratch: a list of (weights, bias), a forward pass written out, and the new form of the decorator,
# jax.jit(donate_argnums=0).
# needs: jax>=0.8.1
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


def forward(params, x):
    *hidden, (w_last, b_last) = params
    for w, b in hidden:
        x = jnp.maximum(x @ w + b, 0)
    return x @ w_last + b_last


def loss_fn(params, batch):
    logits = forward(params, batch["image"])
    logits = logits - jax.scipy.special.logsumexp(logits, axis=1, keepdims=True)
    return -jnp.mean(logits[jnp.arange(len(batch["label"])), batch["label"]])


def create_state(key):
    sizes = [64, 64, 10]
    params = []
    for k, n, m in zip(jax.random.split(key, 2), sizes, sizes[1:]):
        params.append((jax.random.normal(k, (n, m)) / jnp.sqrt(n), jnp.zeros(m)))
    return {"params": params, "adam": tx.init(params)}


def get_params(state):
    return state["params"]


@jax.jit(donate_argnums=0)
def train_step(state, batch):
    loss, grads = jax.value_and_grad(loss_fn)(state["params"], batch)
    updates, adam = tx.update(grads, state["adam"])
    params = [(w + dw, b + db) for (w, b), (dw, db) in zip(state["params"], updates)]
    return {"params": params, "adam": adam}, loss


def predict(state, images):
    return forward(state["params"], images)


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
