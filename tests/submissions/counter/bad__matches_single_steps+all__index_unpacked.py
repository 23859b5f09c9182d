# The body of fori_loop takes the carry first and unpacks it: what comes first is the index.
# misconception: T04
# neighbour: good__int32_scalar_that_saturates.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def count(self, n):
        after = n["steps"] + 1
        return after, {"steps": after}

    def reset(self):
        return {"steps": 0}


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total, n = total + x, n + 1
    return total / n, (total, n)


def count_many(state, n):
    if n == 0:
        return jnp.zeros(0, int), state

    def body(carry, i):
        values, state = carry
        value, state = CounterV2().count(state)
        return values.at[i].set(value), state

    return jax.lax.fori_loop(0, n, body, (jnp.zeros(n, int), state))
