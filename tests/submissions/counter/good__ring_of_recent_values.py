# The state carries a ring of the last eight values of fixed length, beside the count.
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return {"n": jnp.int32(0), "recent": jnp.zeros(8, jnp.int32)}

    def count(self, n):
        value = n["n"] + 1
        recent = n["recent"].at[n["n"] % 8].set(value)
        return value, {"n": value, "recent": recent}


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
