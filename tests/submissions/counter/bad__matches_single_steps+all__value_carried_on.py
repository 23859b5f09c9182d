# The method itself is the body: it returns (value, state), so scan carries the value on. Nothing raises where
# both are numbers.
# misconception: T03, C23
# neighbour: good__flax_struct_that_starts_at_one.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return 1

    def count(self, n):
        return n, n + 1


def init_mean(shape=()):
    return jnp.zeros(shape), jnp.zeros(())


def update_mean(state, x):
    mean, n = state
    mean = mean + (x - mean) / (n + 1)
    return mean, (mean, n + 1)


def count_many(state, n):
    counter = CounterV2()
    state, values = jax.lax.scan(lambda state, _: counter.count(state), state, length=n)
    return values, state
