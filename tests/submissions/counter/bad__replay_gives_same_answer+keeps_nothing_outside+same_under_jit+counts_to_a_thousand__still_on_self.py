# Takes n and returns it, but the real count still lives on self: n is ignored, an old state cannot be
# replayed, and jit freezes it.
# misconception: C01
# neighbour: good__python_int_in_and_out.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def __init__(self):
        self.n = 0

    def count(self, n):
        self.n += 1
        return self.n, self.n

    def reset(self):
        self.n = 0
        return self.n


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total = total + x
    n = n + 1
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
