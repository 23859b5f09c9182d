# Python's max guards against a negative count; it compares in Python, which jit cannot.
# misconception: J02, J01
# neighbour: good__int32_scalar_that_saturates.py
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
        n = max(n, 0) + 1
        return n, n


def init_mean(shape=()):
    return {"sum": jnp.zeros(shape), "seen": 0}


def update_mean(state, x):
    new = {"sum": state["sum"] + x, "seen": state["seen"] + 1}
    return new["sum"] / new["seen"], new


def count_many(state, n):
    # every step adds one, so no step has to be taken
    return state + 1 + jnp.arange(n), state + n
