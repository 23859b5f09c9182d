# The count travels as it should; beside it, self.calls counts how often the method was called. Under jit that
# stands still at 1.
# misconception: C01
# neighbour: good__jitted_methods_with_static_self.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def __init__(self):
        self.calls = 0

    def reset(self):
        return {"n": 0}

    def count(self, n):
        self.calls += 1
        value = n["n"] + 1
        return value, {"n": value}


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total, n = total + x, n + 1
    return total / n, (total, n)


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
