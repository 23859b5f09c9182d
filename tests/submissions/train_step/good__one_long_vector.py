# The parameters are one vector, as ravel_pytree makes it; the network takes it apart again.
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree


class Net(nn.Module):
    """A multilayer perceptron: a dense layer per entry of `features`, ReLU between them."""

    features: Sequence[int]

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for size in self.features[:-1]:
            x = nn.relu(nn.Dense(size)(x))
        return nn.Dense(self.features[-1])(x)


model = Net((64, 10))
tx = optax.adam(3e-3)

_shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 64)))
_, unravel = ravel_pytree(jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), _shapes))


def loss_fn(params, batch):
    logits = model.apply(unravel(params), batch["image"])
    return optax.losses.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()


def create_state(key):
    vector = ravel_pytree(model.init(key, jnp.zeros((1, 64))))[0]
    return {"vector": vector, "adam": tx.init(vector)}


def get_params(state):
    return state["vector"]


@jax.jit
def train_step(state, batch):
    loss, grad = jax.value_and_grad(loss_fn)(state["vector"], batch)
    update, adam = tx.update(grad, state["adam"])
    return {"vector": state["vector"] + update, "adam": adam}, loss


def predict(state, images):
    return model.apply(unravel(state["vector"]), images)


def fit(state, images, labels, key, epochs):
    losses = []
    for _ in range(epochs):
        key, sub = jax.random.split(key)
        images_s, labels_s = images, labels
        order = jax.random.permutation(sub, images.shape[0])
        images_s, labels_s = jnp.take(images_s, order, axis=0), jnp.take(labels_s, order, axis=0)
        total, count = 0.0, 0
        for i in range(images.shape[0] // 64):
            s = slice(64 * i, 64 * (i + 1))
            state, loss = train_step(state, {"image": images_s[s], "label": labels_s[s]})
            total, count = total + float(loss), count + 1
        losses.append(total / count)
    return state, losses
