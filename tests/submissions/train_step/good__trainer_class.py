# A trainer object jits its step in __init__ and the functions asked for are its methods; loss and shuffling
# as usual.
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


class Trainer:
    def __init__(self, net, tx):
        self.net = net
        self.tx = tx
        self.step = jax.jit(self._step)

    def loss(self, params, batch):
        logits = self.net.apply({"params": params}, batch["image"])
        return optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()

    def init(self, key):
        init_key, _ = jax.random.split(key)
        params = self.net.init(init_key, jnp.zeros((1, 64)))["params"]
        return TrainState.create(apply_fn=self.net.apply, params=params, tx=self.tx)

    def _step(self, state, batch):
        loss, grads = jax.value_and_grad(self.loss)(state.params, batch)
        return state.apply_gradients(grads=grads), loss


trainer = Trainer(net, tx)
loss_fn = trainer.loss
create_state = trainer.init
train_step = trainer.step


def get_params(state):
    return state.params


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
