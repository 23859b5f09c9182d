# The counter is itself a frozen dataclass with its step as a field; the states are FrozenDicts.
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from flax.core import FrozenDict

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


@dataclass(frozen=True)
class CounterV2:
    by: int = 1

    def reset(self):
        return FrozenDict(n=0)

    def count(self, n):
        value = n["n"] + self.by
        return value, n.copy({"n": value})


def init_mean(shape=()):
    return FrozenDict(total=jnp.zeros(shape), n=0)


def update_mean(state, x):
    state = state.copy({"total": state["total"] + x, "n": state["n"] + 1})
    return state["total"] / state["n"], state


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
