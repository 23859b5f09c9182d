# The count lives in a uint32 array of shape (1,), made by NumPy; the first step turns it into a JAX array.
import jax
import jax.numpy as jnp
import numpy as np

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return np.zeros((1,), dtype=np.uint32)

    def count(self, n):
        n = jnp.asarray(n) + jnp.uint32(1)
        return n[0], n


def init_mean(shape=()):
    return np.zeros(shape, dtype=np.float32), np.float32(0)


def update_mean(state, x):
    total, n = state
    total = total + x
    n = n + np.float32(1)
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, jnp.asarray(state), None, length=n)
    return values.astype(jnp.int32), state
