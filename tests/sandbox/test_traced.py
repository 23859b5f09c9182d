"""What was traced ahead is found: only what is the learner's own is traced when an answer comes."""

import contextlib
from collections.abc import Callable, Iterator

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
import pytest
from flax.training.train_state import TrainState

from autograders.learner import tracing
from autograders.sandbox import traced

pytestmark = pytest.mark.skipif(not tracing.REMEMBERS_APART, reason="this version of JAX forgets all at once")


class Net(nn.Module):
    """A network as a learner writes it."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        x = nn.relu(nn.Dense(64)(x))
        return nn.Dense(10)(x)


def step() -> tuple:
    """A function that JAX has not seen, and what it takes."""
    net, tx = Net(), optax.adam(3e-3)
    state = jax.eval_shape(
        lambda: TrainState.create(apply_fn=net.apply, params=net.init(jax.random.key(0), jnp.zeros((1, 64))), tx=tx)
    )

    def answer(state: TrainState, images: jax.Array, labels: jax.Array) -> tuple[TrainState, jax.Array]:
        def loss_of(params):
            return optax.softmax_cross_entropy_with_integer_labels(net.apply(params, images), labels).mean()

        loss, gradients = jax.value_and_grad(loss_of)(state.params)
        return state.apply_gradients(grads=gradients), loss

    return answer, state, jax.ShapeDtypeStruct((64, 64), jnp.float32), jax.ShapeDtypeStruct((64,), jnp.int32)


@pytest.fixture
def explained(caplog) -> Iterator[Callable[[], int]]:
    """How many functions JAX has had to trace for `answer`, as it tells."""
    before = jax.config.jax_explain_cache_misses
    jax.config.update("jax_explain_cache_misses", True)
    yield lambda: caplog.text.partition("  never seen function:\n    answer")[2].count("TRACING CACHE MISS")
    jax.config.update("jax_explain_cache_misses", before)


@pytest.mark.parametrize("number", [None, *traced.AGAIN])
def test_a_step_traces_no_function_of_a_library(number, explained):
    """In each circumstance in which a step is traced, all that it calls of a library is there already."""
    traced.ahead()
    answer, *args = step()
    again = tracing.afresh(number) if number else contextlib.nullcontext()
    with again, tracing.exactly():
        jax.jit(answer).trace(*args)
    assert explained() == 0


def test_what_was_not_traced_ahead_is_noticed(explained):
    """The same step, where nobody has traced before, does trace functions of libraries."""
    answer, *args = step()
    with tracing.afresh(10**6), tracing.exactly():
        jax.jit(answer).trace(*args)
    assert explained() > 0
