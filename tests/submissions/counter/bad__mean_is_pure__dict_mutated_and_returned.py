# Changes the dict of the caller in place and returns it; the values are right, the old state cannot be used
# again.
# misconception: C10
# neighbour: good__new_dict_every_step.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return jnp.int32(0)

    def count(self, n):
        n = n + 1
        return n, n


def init_mean(shape=()):
    return {"total": jnp.zeros(shape), "n": 0}


def update_mean(state, x):
    state["total"] = state["total"] + x
    state["n"] = state["n"] + 1
    return state["total"] / state["n"], state


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
