# Raises a field of a NamedTuple in place, as if it were an object with attributes.
# misconception: C20
# neighbour: good__named_tuples.py
from typing import NamedTuple

import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class Ticks(NamedTuple):
    n: int


class CounterV2:
    def reset(self):
        return Ticks(0)

    def count(self, n):
        n.n += 1
        return n.n, n


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total, n = total + x, n + 1
    return total / n, (total, n)


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
