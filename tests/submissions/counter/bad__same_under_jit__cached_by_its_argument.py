# Caches the step by its argument as one does in Python; a tracer has no hash.
# misconception: none
# neighbour: good__python_int_in_and_out.py
import functools

import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


@functools.lru_cache(maxsize=None)
def after(n):
    return n + 1


class CounterV2:
    def reset(self):
        return 0

    def count(self, n):
        return after(n), after(n)


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total, n = total + x, n + 1
    return total / n, (total, n)


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
