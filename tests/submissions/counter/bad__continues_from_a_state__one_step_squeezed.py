# Squeezes the values, so that a single step gives a number and no array.
# misconception: none
# neighbour: good__new_dict_every_step.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def count(self, n):
        new_n = {"n": n["n"] + 1}
        return new_n["n"], new_n

    def reset(self):
        return {"n": 0}


def init_mean(shape=()):
    return {"total": jnp.zeros(shape), "n": 0}


def update_mean(state, x):
    total = state["total"] + x
    n = state["n"] + 1
    return total / n, {"total": total, "n": n}


def count_many(state, n):
    # every step adds one, so the values can be written down at once
    values = state["n"] + 1 + jnp.arange(n, dtype=jnp.int32)
    return values.squeeze(), {"n": state["n"] + n}
