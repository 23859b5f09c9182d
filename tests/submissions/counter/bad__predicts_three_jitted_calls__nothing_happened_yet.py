# Thinks that the body runs at no call, since jit only records it, and so the number before the first call
# comes back.
# misconception: none
# neighbour: good__python_int_in_and_out.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [0, 0, 0]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return jnp.array(0)

    def count(self, n):
        after = n + 1
        return after, after


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
