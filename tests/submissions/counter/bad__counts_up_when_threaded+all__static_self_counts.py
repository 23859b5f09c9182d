# Compiles the method with self as a static argument and goes on counting on self: the body runs once, and 1
# comes for ever.
# misconception: C03, C01
# neighbour: good__jitted_methods_with_static_self.py
from functools import partial

import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def __init__(self):
        self.n = 0

    def reset(self):
        return 0

    @partial(jax.jit, static_argnums=0)
    def count(self, n):
        self.n += 1
        return self.n, n + 1


def init_mean(shape=()):
    return jnp.zeros(shape), jnp.zeros(())


def update_mean(state, x):
    mean, n = state
    mean = mean + (x - mean) / (n + 1)
    return mean, (mean, n + 1)


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
