# fori_loop traces its body also when there is nothing to do, and setting an element of an empty array raises.
# misconception: D07
# neighbour: good__int32_scalar_that_saturates.py
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
    return {"mean": jnp.zeros(shape), "n": jnp.int32(0)}


def update_mean(state, x):
    n = state["n"] + 1
    mean = state["mean"] + (x - state["mean"]) / n
    return mean, {"mean": mean, "n": n}


def count_many(state, n):
    counter = CounterV2()

    def body(i, carry):
        values, state = carry
        value, state = counter.count(state)
        return values.at[i].set(value), state

    return jax.lax.fori_loop(0, n, body, (jnp.zeros(n, dtype=jnp.int32), state))
