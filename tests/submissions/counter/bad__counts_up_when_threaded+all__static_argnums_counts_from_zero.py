# Means to make self static and marks the argument after it: arguments of a method are counted from self.
# misconception: J10, J09
# neighbour: good__jitted_methods_with_static_self.py
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

    @partial(jax.jit, static_argnums=1)
    def count(self, n):
        return n + 1, n + 1


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total, n = total + x, n + 1
    return total / n, (total, n)


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
