# An ordinary dataclass for the state of the mean, not registered as a pytree.
# misconception: C18
# neighbour: good__registered_dataclass.py
from dataclasses import dataclass

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


@dataclass
class MeanState:
    total: jax.Array
    n: int


def init_mean(shape=()):
    return MeanState(jnp.zeros(shape), 0)


def update_mean(state, x):
    new = MeanState(state.total + x, state.n + 1)
    return new.total / new.n, new


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
