# The state is a NumPy array with a slot for the steps, raised in place by +=; others who hold the array see
# it.
# misconception: C12, C10
# neighbour: good__numpy_integer.py
import jax
import jax.numpy as jnp
import numpy as np

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return {"slots": np.zeros(3, np.int32)}

    def count(self, n):
        slots = n["slots"]
        slots += np.array([1, 0, 0], np.int32)
        return slots[0], {"slots": slots}


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
