# Everything is jitted already and donates the state it is given, so the old buffers are deleted after a call.
from functools import partial

import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


@partial(jax.jit, donate_argnums=0)
def _count(n):
    return n + 1, n + 1


class CounterV2:
    def reset(self):
        return jnp.int32(0)

    def count(self, n):
        return _count(n)


def init_mean(shape=()):
    return jnp.zeros(shape), jnp.int32(0)


@partial(jax.jit, donate_argnums=0)
def update_mean(state, x):
    total, n = state[0] + x, state[1] + 1
    return total / n, (total, n)


@partial(jax.jit, static_argnums=1, donate_argnums=0)
def count_many(state, n):
    def step(state, _):
        value, state = _count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
