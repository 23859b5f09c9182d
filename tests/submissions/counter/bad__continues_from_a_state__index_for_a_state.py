# The body of fori_loop takes (state, i), but is called with (i, state): from reset the index happens to be
# the state.
# misconception: T04
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
        return n + 1, n + 1


def init_mean(shape=()):
    return {"sum": jnp.zeros(shape), "seen": 0}


def update_mean(state, x):
    new = {"sum": state["sum"] + x, "seen": state["seen"] + 1}
    return new["sum"] / new["seen"], new


def count_many(state, n):
    counter = CounterV2()
    last = jax.lax.fori_loop(0, n, lambda state, i: counter.count(state)[1], state)
    first, _ = counter.count(state)
    return first + jnp.arange(n), last
