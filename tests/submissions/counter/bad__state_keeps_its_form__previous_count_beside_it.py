# Carries the previous count along. It is an int for one step more than the count itself, so jit compiles a
# third time.
# misconception: F03
# neighbour: good__ordered_dict.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return {"n": 0, "previous": 0}

    def count(self, n):
        value = n["n"] + jnp.float32(1)
        return value, {"n": value, "previous": n["n"]}


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
