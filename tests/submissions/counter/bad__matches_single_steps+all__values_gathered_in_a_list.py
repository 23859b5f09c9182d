# Appends the values to a list inside the body, as in a Python loop; the body runs once, and the list holds a
# tracer.
# misconception: T09, C05
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
    counter, values = CounterV2(), []

    def body(state, _):
        value, state = counter.count(state)
        values.append(value)
        return state, None

    state, _ = jax.lax.scan(body, state, length=n)
    return jnp.array(values), state
