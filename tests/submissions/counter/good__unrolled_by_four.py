# The scan is unrolled by four steps at a time, as one does for speed: the program is longer, but does not
# grow with n.
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return jnp.array(0)

    def count(self, n):
        after = n + 1
        return after, after


def init_mean(shape=()):
    return jnp.zeros(shape), jnp.zeros(())


def update_mean(state, x):
    mean, n = state
    mean = mean + (x - mean) / (n + 1)
    return mean, (mean, n + 1)


def count_many(state, n):
    def body(state, _):
        value, state = CounterV2().count(state)
        return state, value

    state, values = jax.lax.scan(body, state, length=n, unroll=4)
    return values, state
