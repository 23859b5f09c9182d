# Starts as an int32 array and adds 1.0, so the first step gives a float: jit compiles twice and scan refuses.
# misconception: T01
# neighbour: good__slot_of_a_float_array.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return jnp.int32(0)

    def count(self, n):
        return n + 1.0, n + 1.0


def init_mean(shape=()):
    return {"sum": jnp.zeros(shape), "seen": 0}


def update_mean(state, x):
    new = {"sum": state["sum"] + x, "seen": state["seen"] + 1}
    return new["sum"] / new["seen"], new


def count_many(state, n):
    # every step adds one, so no step has to be taken
    return state + 1 + jnp.arange(n), state + n
