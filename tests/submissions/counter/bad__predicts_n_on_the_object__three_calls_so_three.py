# Knows that the result is frozen, but thinks that the side effect on self happens at every call; the body ran
# once.
# misconception: C01
# neighbour: good__predictions_by_running_it.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 3


class CounterV2:
    def reset(self):
        return jnp.int32(0)

    def count(self, n):
        n = n + 1
        return n, n


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total = total + x
    n = n + 1
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()
    if n == 0:
        return jnp.zeros((0,), dtype=jnp.int32), state

    def body(i, carry):
        values, state = carry
        value, state = counter.count(state)
        return values.at[i].set(value), state

    return jax.lax.fori_loop(0, n, body, (jnp.zeros(n, dtype=jnp.int32), state))
