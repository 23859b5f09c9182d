# Bare functions first; the class only points to them as static methods. The mean multiplies by 1/n.
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


def zero():
    return 0


def count(n):
    n = n + jnp.int32(1)  # from the Python int 0 to int32 at the first step
    return n, n


class CounterV2:
    count = staticmethod(count)
    reset = staticmethod(zero)


def init_mean(shape=()):
    return 0, jnp.zeros(shape)


def update_mean(state, x):
    n, mean = state
    weight = 1.0 / (n + 1)
    mean = (1.0 - weight) * mean + weight * x
    return mean, (n + 1, mean)


def count_many(state, n):
    def body(state, _):
        value, state = count(state)
        return state, value

    state, values = jax.lax.scan(body, state, jnp.zeros(n))
    return values, state
