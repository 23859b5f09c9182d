# Notes in the state when it was made. The count is right, but the same state never gives the same state
# again, and jit freezes the time.
# misconception: C17
# neighbour: good__new_dict_every_step.py
import time

import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return {"n": 0, "at": 0.0}

    def count(self, n):
        value = n["n"] + 1
        return value, {"n": value, "at": time.perf_counter()}


def init_mean(shape=()):
    return {"sum": jnp.zeros(shape), "seen": 0}


def update_mean(state, x):
    new = {"sum": state["sum"] + x, "seen": state["seen"] + 1}
    return new["sum"] / new["seen"], new


def count_many(state, n):
    def one(state, i):
        value, state = CounterV2().count(state)
        return state, value

    last, values = jax.lax.scan(one, state, jnp.arange(n))
    return values, last
