# The state carries a fixed record of two values, and the step shifts it in place with pop and append.
# misconception: C09, C10
# neighbour: good__ring_of_recent_values.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return {"n": jnp.int32(0), "last": [jnp.int32(0), jnp.int32(0)]}

    def count(self, n):
        value = n["n"] + 1
        n["last"].pop(0)
        n["last"].append(value)
        return value, {"n": value, "last": n["last"]}


def init_mean(shape=()):
    return {"sum": jnp.zeros(shape), "seen": 0}


def update_mean(state, x):
    new = {"sum": state["sum"] + x, "seen": state["seen"] + 1}
    return new["sum"] / new["seen"], new


def count_many(state, n):
    def one(state, i):
        value, state = CounterV2().count(state)
        return state, value

    last, values = jax.lax.scan(one, state, jnp.arange(n))
    return values, last
