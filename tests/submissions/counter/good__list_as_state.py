# Lists as states; the list given is never touched, a new one is built each time.
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def count(self, n):
        [old] = n
        return old + 1, [old + 1]

    def reset(self):
        return [0]


def init_mean(shape=()):
    return [jnp.zeros(shape), 0.0]


def update_mean(state, x):
    total, n = [a + b for a, b in zip(state, [x, 1.0])]
    return total / n, [total, n]


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
