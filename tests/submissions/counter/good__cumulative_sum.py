# The values are a cumulative sum of ones on top of the state; the running mean keeps a Kahan correction
# beside its sum.
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
    return jnp.zeros(shape), jnp.zeros(shape), 0


def update_mean(state, x):
    total, lost, n = state
    y = x - lost
    new = total + y
    lost = (new - total) - y
    n = n + 1
    return new / n, (new, lost, n)


def count_many(state, n):
    values = state + jnp.cumsum(jnp.ones(n, dtype=jnp.int32))
    return values, state + n
