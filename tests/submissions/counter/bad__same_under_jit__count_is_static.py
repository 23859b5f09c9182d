# The count is a static argument: right, but each number is compiled anew, and inside another jit it has no
# value.
# misconception: J13
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

    @partial(jax.jit, static_argnums=(0, 1))
    def _next(self, n):
        return n + 1

    def count(self, n):
        n = int(self._next(n)) if isinstance(n, int) else self._next(n)
        return n, n


def init_mean(shape=()):
    return {"sum": jnp.zeros(shape), "seen": 0}


def update_mean(state, x):
    new = {"sum": state["sum"] + x, "seen": state["seen"] + 1}
    return new["sum"] / new["seen"], new


def count_many(state, n):
    def one(state, i):
        value, state = CounterV2().count(state)
        return state, value

    last, values = jax.lax.scan(one, state, jnp.arange(n))
    return values, last
