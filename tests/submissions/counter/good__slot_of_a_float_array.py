# One float array holds everything and the counter is one of its slots; the value is a float without a
# fraction.
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return jnp.array([0.0, 0.0, 0.0])  # x, y, steps

    def count(self, n):
        n = n.at[2].add(1.0)
        return n[2], n


def init_mean(shape=()):
    # row 0: the sum, row 1: how many
    return jnp.zeros((2, *shape))


def update_mean(state, x):
    state = state.at[0].add(x).at[1].add(1.0)
    return state[0] / state[1], state


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value.astype(jnp.int32)

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
