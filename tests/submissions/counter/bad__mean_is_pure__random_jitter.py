# Adds a tiny random number of NumPy so as never to divide zero; under jit it is drawn once.
# misconception: C17, R06
# neighbour: good__python_int_in_and_out.py
import jax
import jax.numpy as jnp
import numpy as np

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return 0

    def count(self, n):
        return n + 1, n + 1


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state[0] + x, state[1] + 1
    jitter = 1e-9 * np.random.rand()
    return total / (n + jitter), (total, n)


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
