# The state starts as a list and is a tuple ever after; scan and jit take them for different things.
# misconception: T05, F03
# neighbour: good__list_as_state.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return [0, 1]

    def count(self, n):
        total, by = n
        return total + by, (total + by, by)


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total, n = total + x, n + 1
    return total / n, (total, n)


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
