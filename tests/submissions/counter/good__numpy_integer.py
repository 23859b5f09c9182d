# The first state is a NumPy integer; nothing writes into it. The mean starts with float64, which JAX takes as
# float32.
import jax
import jax.numpy as jnp
import numpy as np

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return np.int64(0)

    def count(self, n):
        return n + 1, n + 1


def init_mean(shape=()):
    return np.zeros(shape), np.int64(0)


def update_mean(state, x):
    total, n = state[0] + x, state[1] + 1
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()

    def body(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(body, jnp.asarray(state), None, length=n)
    return values, state
