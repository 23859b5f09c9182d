# cond for the first number: one branch gives an int, the other a float, and both are traced.
# misconception: J20
# neighbour: good__half_precision_mean.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return jnp.array(0)

    def count(self, n):
        after = n + 1
        return after, after


def init_mean(shape=()):
    return jnp.zeros(shape), jnp.int32(0)


def update_mean(state, x):
    total, n = state
    before = jax.lax.cond(n == 0, lambda: 0, lambda: total / n)
    mean = before + (x - before) / (n + 1)
    return mean, (total + x, n + 1)


def count_many(state, n):
    def one(state, i):
        value, state = CounterV2().count(state)
        return state, value

    last, values = jax.lax.scan(one, state, jnp.arange(n))
    return values, last
