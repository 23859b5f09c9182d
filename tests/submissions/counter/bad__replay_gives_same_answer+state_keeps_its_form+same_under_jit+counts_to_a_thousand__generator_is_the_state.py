# The state is a generator, which cannot be copied: an old state has moved on with the new one.
# misconception: C16, C10
# neighbour: good__python_int_in_and_out.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


def numbers():
    n = 0
    while True:
        n += 1
        yield n


class CounterV2:
    def reset(self):
        return numbers()

    def count(self, n):
        return next(n), n


def init_mean(shape=()):
    return jnp.zeros(shape), jnp.zeros(())


def update_mean(state, x):
    mean, n = state
    mean = mean + (x - mean) / (n + 1)
    return mean, (mean, n + 1)


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
