# NamedTuples for both states, changed with _replace; the predictions are a tuple and NumPy integers.
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

eager_calls = (1, 2, 3)
jitted_calls = np.ones(3, dtype=int)
jitted_after_five_eager = np.array([6, 6, 6])
python_side_n = np.int64(1)


class CountState(NamedTuple):
    n: jax.Array


class MeanState(NamedTuple):
    total: jax.Array
    n: jax.Array


class CounterV2:
    def count(self, n: CountState):
        n = n._replace(n=n.n + 1)
        return n.n, n

    def reset(self) -> CountState:
        return CountState(n=jnp.array(0))


def init_mean(shape=()) -> MeanState:
    return MeanState(total=jnp.zeros(shape), n=jnp.zeros(()))


def update_mean(state: MeanState, x):
    state = MeanState(state.total + x, state.n + 1)
    return state.total / state.n, state


def count_many(state: CountState, n: int):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    last, values = jax.lax.scan(f=body, init=state, xs=None, length=n)
    return values, last
