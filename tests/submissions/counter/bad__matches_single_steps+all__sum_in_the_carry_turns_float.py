# Carries a running average of the values along, which starts as an int32 and becomes a float.
# misconception: T01
# neighbour: good__while_loop_fills_a_buffer.py
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
    return {"sum": jnp.zeros(shape), "seen": 0}


def update_mean(state, x):
    new = {"sum": state["sum"] + x, "seen": state["seen"] + 1}
    return new["sum"] / new["seen"], new


def count_many(state, n):
    def body(carry, _):
        state, average = carry
        value, state = CounterV2().count(state)
        return (state, (average + value) / 2), value

    (state, _), values = jax.lax.scan(body, (state, jnp.int32(0)), length=n)
    return values, state
