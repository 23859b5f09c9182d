# Takes the dtype of the state for its values. The first state is a Python int, which has none; every later
# one is an array.
# misconception: none
# neighbour: good__int32_scalar_that_saturates.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return 0

    def count(self, n):
        n = jnp.add(n, 1)
        return n, n


def init_mean(shape=()):
    return jnp.zeros(shape), jnp.zeros(())


def update_mean(state, x):
    mean, n = state
    mean = mean + (x - mean) / (n + 1)
    return mean, (mean, n + 1)


def count_many(state, n):
    values = state + 1 + jnp.arange(n, dtype=state.dtype)
    return values, state + n
