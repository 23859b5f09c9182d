# Ordinary dataclasses that are registered with jax.tree_util.register_dataclass and rebuilt with
# dataclasses.replace.
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


@jax.tree_util.register_dataclass
@dataclass
class Count:
    n: jax.Array


@jax.tree_util.register_dataclass
@dataclass
class RunningMeanState:
    total: jax.Array
    n: jax.Array


class CounterV2:
    def count(self, n: Count):
        n = replace(n, n=n.n + 1)
        return n.n, n

    def reset(self):
        return Count(jnp.array(0, dtype=jnp.int32))


def init_mean(shape=()):
    return RunningMeanState(jnp.zeros(shape), jnp.zeros((), jnp.int32))


def update_mean(state, x):
    state = replace(state, total=state.total + x, n=state.n + 1)
    return jnp.divide(state.total, state.n), state


def count_many(state, n):
    counter = CounterV2()
    if n == 0:
        return jnp.zeros((0,), dtype=jnp.int32), state

    def body(i, carry):
        values, state = carry
        value, state = counter.count(state)
        return values.at[i].set(value), state

    return jax.lax.fori_loop(0, n, body, (jnp.zeros(n, dtype=jnp.int32), state))
