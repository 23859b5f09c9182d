# Keeps the count in a uint8, which wraps around to 0 after 255 without a word.
# misconception: D04
# neighbour: good__array_of_one_and_uint32.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return jnp.uint8(0)

    def count(self, n):
        n = n + jnp.uint8(1)
        return n, n


def init_mean(shape=()):
    return {"total": jnp.zeros(shape), "n": 0}


def update_mean(state, x):
    total = state["total"] + x
    n = state["n"] + 1
    return total / n, {"total": total, "n": n}


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
