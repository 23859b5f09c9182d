# n += 1 on a NumPy array changes the array of the caller in place; on a tracer it only rebinds the name, so
# jit hides it.
# misconception: C12
# neighbour: good__array_of_one_and_uint32.py
import jax
import jax.numpy as jnp
import numpy as np

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def count(self, n):
        n += 1
        return n[0], n

    def reset(self):
        return np.zeros(1, dtype=np.int32)


def init_mean(shape=()):
    return {"mean": jnp.zeros(shape), "n": jnp.int32(0)}


def update_mean(state, x):
    n = state["n"] + 1
    mean = state["mean"] + (x - state["mean"]) / n
    return mean, {"mean": mean, "n": n}


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
