# Appends every value to a list on self, to look at the history afterwards. Under jit one tracer is in it.
# misconception: C05, C01
# neighbour: good__ring_of_recent_values.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def __init__(self):
        self.history = []

    def reset(self):
        return {"n": 0}

    def count(self, n):
        value = n["n"] + 1
        self.history.append(value)
        return value, {"n": value}


def init_mean(shape=()):
    return jnp.zeros(shape), jnp.zeros(())


def update_mean(state, x):
    mean, n = state
    mean = mean + (x - mean) / (n + 1)
    return mean, (mean, n + 1)


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
