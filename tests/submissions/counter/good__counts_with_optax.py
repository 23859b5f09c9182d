# Counts as optax counts its steps, with its own increment that cannot overflow.
import jax
import jax.numpy as jnp
import optax

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return jnp.zeros([], jnp.int32)

    def count(self, n):
        n = optax.safe_increment(n)
        return n, n


def init_mean(shape=()):
    return jnp.zeros(shape), jnp.zeros(())


def update_mean(state, x):
    mean, n = state
    mean = mean + (x - mean) / (n + 1)
    return mean, (mean, n + 1)


def count_many(state, n):
    def one(state, i):
        value, state = CounterV2().count(state)
        return state, value

    last, values = jax.lax.scan(one, state, jnp.arange(n))
    return values, last
