# All values at once, by vmap over the number of steps; the state is shared, which in_axes says.
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return 0

    def count(self, n):
        return n + 1, n + 1


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total, n = total + x, n + 1
    return total / n, (total, n)


def count_many(state, n):
    def after(state, steps):
        return CounterV2().count(state + steps)[0]

    values = jax.vmap(after, in_axes=(None, 0))(state, jnp.arange(n))
    return values, state + n
