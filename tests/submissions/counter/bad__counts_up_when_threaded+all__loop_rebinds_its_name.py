# Adds one to each part in a for loop. That gives the loop's name a new value and leaves the state as it was.
# misconception: C11
# neighbour: good__nested_dict_mapped_leaf_by_leaf.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return [jnp.int32(0), jnp.int32(10)]  # steps, and steps with a head start

    def count(self, n):
        for part in n:
            part += 1
        return n[0] + 1, n


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
