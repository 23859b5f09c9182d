# static_argnums=0 marks the state instead of n, so n is traced, and a length that is traced is none.
# misconception: J10, J08
# neighbour: good__one_program_for_each_length.py
from functools import partial

import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return 0

    def count(self, n):
        return n + 1, n + 1


def init_mean(shape=()):
    return jnp.zeros(shape), jnp.zeros(())


def update_mean(state, x):
    mean, n = state
    mean = mean + (x - mean) / (n + 1)
    return mean, (mean, n + 1)


@partial(jax.jit, static_argnums=0)
def count_many(state, n):
    def body(carry, _):
        value, carry = CounterV2().count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
