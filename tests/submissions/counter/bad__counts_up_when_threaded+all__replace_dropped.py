# The result of _replace is thrown away, so the state never moves.
# misconception: C21
# neighbour: good__named_tuples.py
from typing import NamedTuple

import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class State(NamedTuple):
    n: int = 0


class CounterV2:
    def count(self, n):
        n._replace(n=n.n + 1)
        return n.n + 1, n

    def reset(self):
        return State()


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total = total + x
    n = n + 1
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
