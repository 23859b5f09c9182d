# count is jitted with static self and reads and writes self.n, so the traced value is frozen.
# misconception: C03
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


class CounterV2:
    def __init__(self):
        self.n = 0

    @partial(jax.jit, static_argnums=0)
    def count(self, n):
        self.n = self.n + 1
        return jnp.int32(self.n), n

    def reset(self):
        return jnp.int32(0)


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
