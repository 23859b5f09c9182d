# Uses scan, but unrolls it completely "for speed", so it is the Python loop again.
# misconception: T10
# neighbour: good__unrolled_by_four.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


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
    def step(state, _):
        value, state = CounterV2().count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n, unroll=True)
    return values, state
