# The count is a strong int32 scalar that stops at the largest value, as optax counts its steps; the mean is
# kept as mean and n; the many steps go through fori_loop.
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


MAX = jnp.iinfo(jnp.int32).max


class CounterV2:
    """Counts up from 0, in an int32 that never wraps around."""

    def reset(self) -> jax.Array:
        return jnp.zeros([], jnp.int32)

    def count(self, n: jax.Array) -> tuple[jax.Array, jax.Array]:
        one = jnp.array(1, jnp.int32)
        new_n = jnp.where(n < MAX, n + one, MAX)
        return new_n, new_n


def init_mean(shape=()):
    return {"mean": jnp.zeros(shape), "n": jnp.int32(0)}


def update_mean(state, x):
    n = state["n"] + 1
    mean = state["mean"] + (x - state["mean"]) / n
    return mean, {"mean": mean, "n": n}


def count_many(state, n):
    counter = CounterV2()
    if n == 0:
        return jnp.zeros((0,), dtype=jnp.int32), state

    def body(i, carry):
        values, state = carry
        value, state = counter.count(state)
        return values.at[i].set(value), state

    return jax.lax.fori_loop(0, n, body, (jnp.zeros(n, dtype=jnp.int32), state))
