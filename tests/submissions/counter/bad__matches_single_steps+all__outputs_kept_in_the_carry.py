# Appends each value to an array in the carry, which grows by one in each step.
# misconception: T01
# neighbour: good__while_loop_fills_a_buffer.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def count(self, n):
        after = n["steps"] + 1
        return after, {"steps": after}

    def reset(self):
        return {"steps": 0}


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total, n = total + x, n + 1
    return total / n, (total, n)


def count_many(state, n):
    def body(carry, _):
        state, values = carry
        value, state = CounterV2().count(state)
        return (state, jnp.append(values, value)), None

    (state, values), _ = jax.lax.scan(body, (state, jnp.zeros(0, int)), length=n)
    return values, state
