"""What most answers are made of, traced before they come: the functions of JAX, Flax and optax that they call.

JAX remembers what it has traced of a library's function, and apart from each other what it traced in different
circumstances. A process that is forked from one that has been here traces only what is the learner's own.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from flax.training.train_state import TrainState

from autograders.learner import tracing

PIXELS, CLASSES = 64, 10
BATCHES = (64, 7, 1, 10)  # the first is that of a step, the others only of losses
LAYERS = ((6, 7), (7, 5), (5, 4), (6, 4), (5, 5), (12, 32), (32, 10))
AGAIN = (1, 2)  # how often a submission is usually traced anew


class Net(nn.Module):
    """The network of the exercises: what is traced for a tree of parameters depends on their names."""

    features: Sequence[int]

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for size in self.features[:-1]:
            x = nn.relu(nn.Dense(size)(x))
        return nn.Dense(self.features[-1])(x)


def ahead() -> None:
    """Trace what there is in all circumstances in which answers are traced: by a call, by the judge, and anew."""
    losses = _whole, _one_hot, _gathered, _indexed
    _training(*losses)
    with tracing.exactly():
        _training(*losses)
        for wide, narrow in LAYERS:
            _layer(wide, narrow)
    for number in AGAIN if tracing.REMEMBERS_APART else ():
        with tracing.afresh(number), tracing.exactly():
            _training(_whole)


def _layer(wide: int, narrow: int) -> None:
    """A layer of its own, made and applied."""
    layer = nn.Dense(narrow)

    def applied() -> jax.Array:
        x = jnp.zeros((2, wide))
        return nn.relu(layer.apply(layer.init(jax.random.key(0), x), x))

    jax.eval_shape(applied)


def _training(*losses: Callable) -> None:
    """A step of an optimizer for each loss of logits and labels, and that loss alone for other batches."""
    net, tx = Net((64, CLASSES)), optax.adam(3e-3)
    params = jax.eval_shape(lambda: net.init(jax.random.key(0), jnp.zeros((1, PIXELS))))
    state = jax.eval_shape(lambda p: TrainState.create(apply_fn=net.apply, params=p, tx=tx), params)
    for of_logits in losses:

        def loss(params: Any, images: jax.Array, labels: jax.Array, of_logits: Callable = of_logits) -> jax.Array:
            return jnp.mean(of_logits(net.apply(params, images), labels))

        def step(state: TrainState, *batch: jax.Array, loss: Callable = loss) -> tuple[TrainState, jax.Array]:
            value, gradients = jax.value_and_grad(loss)(state.params, *batch)
            return state.apply_gradients(grads=gradients), value

        jax.eval_shape(step, state, *_batch(BATCHES[0]))
        for size in BATCHES[1:]:
            jax.eval_shape(loss, params, *_batch(size))


def _batch(size: int) -> tuple[jax.ShapeDtypeStruct, jax.ShapeDtypeStruct]:
    return jax.ShapeDtypeStruct((size, PIXELS), jnp.float32), jax.ShapeDtypeStruct((size,), jnp.int32)


def _whole(logits: jax.Array, labels: jax.Array) -> jax.Array:
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels)


def _one_hot(logits: jax.Array, labels: jax.Array) -> jax.Array:
    return optax.softmax_cross_entropy(logits, jax.nn.one_hot(labels, CLASSES))


def _gathered(logits: jax.Array, labels: jax.Array) -> jax.Array:
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=-1)


def _indexed(logits: jax.Array, labels: jax.Array) -> jax.Array:
    return -jax.nn.log_softmax(logits)[jnp.arange(len(labels)), labels]
