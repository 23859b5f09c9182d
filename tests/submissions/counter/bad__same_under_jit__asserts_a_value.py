# Asserts that the count is not negative; the assertion has nothing to look at under jit.
# misconception: J19, J01
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
        assert n >= 0, "a count is never negative"
        return n + 1, n + 1


def init_mean(shape=()):
    return jnp.zeros(shape), jnp.zeros(())


def update_mean(state, x):
    mean, n = state
    mean = mean + (x - mean) / (n + 1)
    return mean, (mean, n + 1)


def count_many(state, n):
    # every step adds one, so no step has to be taken
    return state + 1 + jnp.arange(n), state + n
