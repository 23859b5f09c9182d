# Hands out the number before it is raised, as `n++` does in C: the count is pure, and begins at 0.
# misconception: none
# neighbour: good__flax_struct_that_starts_at_one.py
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
        return n, n + 1


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total, n = total + x, n + 1
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
