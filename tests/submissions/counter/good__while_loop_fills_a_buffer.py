# A while_loop whose carry holds the index, a buffer for the values, and the state.
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
    counter = CounterV2()
    if n == 0:
        return jnp.zeros(0, int), state

    def more(carry):
        return carry[0] < n

    def body(carry):
        i, values, state = carry
        value, state = counter.count(state)
        return i + 1, values.at[i].set(value), state

    _, values, state = jax.lax.while_loop(more, body, (0, jnp.zeros(n, int), state))
    return values, state
