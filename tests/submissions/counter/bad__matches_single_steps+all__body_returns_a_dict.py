# The body returns its carry, a dict, and nothing beside it.
# misconception: T02
# neighbour: good__new_dict_every_step.py
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
    return {"sum": jnp.zeros(shape), "seen": 0}


def update_mean(state, x):
    new = {"sum": state["sum"] + x, "seen": state["seen"] + 1}
    return new["sum"] / new["seen"], new


def count_many(state, n):
    def body(carry, _):
        return CounterV2().count(carry)[1]

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
