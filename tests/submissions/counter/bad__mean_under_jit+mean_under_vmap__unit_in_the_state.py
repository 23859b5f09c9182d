# Keeps the unit of what is averaged as a text inside the state.
# misconception: C19
# neighbour: good__ordered_dict.py
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
    return {"total": jnp.zeros(shape), "n": 0, "unit": "m"}


def update_mean(state, x):
    state = {**state, "total": state["total"] + x, "n": state["n"] + 1}
    return state["total"] / state["n"], state


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
