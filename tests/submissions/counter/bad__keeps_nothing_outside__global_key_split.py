# Splits a global key in every call, to have a fresh one at hand; under jit that happens once and leaves a
# tracer.
# misconception: R05, C25
# neighbour: good__key_travels_with_the_count.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


key = jax.random.key(0)


class CounterV2:
    def reset(self):
        return 0

    def count(self, n):
        global key
        key, _ = jax.random.split(key)
        return n + 1, n + 1


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
