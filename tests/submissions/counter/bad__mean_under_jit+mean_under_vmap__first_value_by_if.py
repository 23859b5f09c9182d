# Treats the first value in a Python if; where n is traced (jit, scan, vmap over states) its truth is not
# known.
# misconception: J01
# neighbour: good__half_precision_mean.py
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
        n = n + 1
        return n, n


def init_mean(shape=()):
    return {"mean": jnp.zeros(shape), "n": 0}


def update_mean(state, x):
    if state["n"] == 0:
        mean = x
    else:
        mean = (state["mean"] * state["n"] + x) / (state["n"] + 1)
    return mean, {"mean": mean, "n": state["n"] + 1}


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
