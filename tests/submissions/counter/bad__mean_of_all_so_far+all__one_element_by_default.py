# The default shape is that of one element instead of none, so the mean of scalars comes back as an array.
# misconception: none
# neighbour: good__python_int_in_and_out.py
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


def init_mean(shape=(1,)):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state[0] + x, state[1] + 1
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
