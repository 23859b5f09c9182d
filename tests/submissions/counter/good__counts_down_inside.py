# The state counts down from zero; the value is its negative.
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
        n = n - 1
        return -n, n


def init_mean(shape=()):
    return jnp.zeros(shape), jnp.ones(())


def update_mean(state, x):
    total, weight = state  # weight is 1/n, and 1 at first as well
    n = jnp.where(jnp.all(weight == 1) & jnp.all(total == 0), 1.0, 1 / weight + 1)
    total = total + x
    return total / n, (total, 1 / n)


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
