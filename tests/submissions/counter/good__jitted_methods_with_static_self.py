# The methods are jitted with self as a static argument (it holds one constant, set at construction); bare
# functions do the rest.
from functools import partial

import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def __init__(self, step: int = 1):
        self.step = step

    @partial(jax.jit, static_argnums=0)
    def count(self, n):
        n = n + self.step
        return n, n

    @partial(jax.jit, static_argnums=0)
    def reset(self):
        return jnp.zeros((), jnp.int32)


counter = CounterV2()


def init_mean(shape=()):
    return {"mean": jnp.zeros(shape), "n": jnp.int32(0)}


def update_mean(state, x):
    n = state["n"] + 1
    mean = state["mean"] + (x - state["mean"]) / n
    return mean, {"mean": mean, "n": n}


@partial(jax.jit, static_argnames="n")
def count_many(state, n):
    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, n)
    return values, state
