# Compiles count_many for all arguments; the length of an arange must be known while jit traces.
# misconception: J08
# neighbour: good__cumulative_sum.py
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
        return n + 1, n + 1


def init_mean(shape=()):
    return jnp.zeros(shape), jnp.zeros(())


def update_mean(state, x):
    mean, n = state
    mean = mean + (x - mean) / (n + 1)
    return mean, (mean, n + 1)


@jax.jit
def count_many(state, n):
    values = state + 1 + jnp.arange(n)
    return values, state + n
