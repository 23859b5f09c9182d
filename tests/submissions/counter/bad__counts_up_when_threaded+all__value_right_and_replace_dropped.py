# The result of _replace is thrown away, so the state never moves.
# misconception: C21
# neighbour: good__named_tuples.py
from typing import NamedTuple
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

eager_calls: list[int] = [1, 2, 3]
jitted_calls: list[int] = [1, 1, 1]
jitted_after_five_eager: list[int] = [6, 6, 6]
python_side_n: int = 1


class CountState(NamedTuple):
    n: jax.Array


class CounterV2:
    def count(self, n: CountState):
        value = n.n + 1
        n._replace(n=value)
        return value, n

    def reset(self):
        return CountState(n=jnp.int32(0))


class MeanState(NamedTuple):
    total: jax.Array
    n: jax.Array


def init_mean(shape: tuple = ()) -> MeanState:
    return MeanState(jnp.zeros(shape), jnp.zeros((), jnp.int32))


def update_mean(state: MeanState, x) -> tuple[jax.Array, MeanState]:
    new = MeanState(state.total + x, state.n + 1)
    return new.total / new.n, new


def count_many(state, n: int):
    c = CounterV2()

    def step(s, i):
        v, s = c.count(s)
        return s, v

    final, values = lax.scan(step, state, jnp.arange(n))
    return values, final
