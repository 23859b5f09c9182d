# The carry is a dict, and the body adds the newest value to it under a key that was not there.
# misconception: T05
# neighbour: good__while_loop_fills_a_buffer.py
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
    def body(carry, _):
        value, state = CounterV2().count(carry["state"])
        return {"state": state, "newest": value}, value

    carry, values = jax.lax.scan(body, {"state": state}, length=n)
    return values, carry["state"]
