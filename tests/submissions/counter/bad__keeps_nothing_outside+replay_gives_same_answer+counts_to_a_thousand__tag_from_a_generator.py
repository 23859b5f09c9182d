# Each state gets a random tag, drawn from a global generator of NumPy that moves on with every call.
# misconception: C17, R06
# neighbour: good__key_travels_with_the_count.py
import jax
import jax.numpy as jnp
import numpy as np

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


rng = np.random.default_rng(0)


class CounterV2:
    def reset(self):
        return {"n": 0, "tag": 0}

    def count(self, n):
        value = n["n"] + 1
        return value, {"n": value, "tag": int(rng.integers(1_000_000))}


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
