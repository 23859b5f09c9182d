# The number of values starts as an int32 array and becomes float32 at the first step; scan wants carry in and
# carry out alike.
# misconception: T01
# neighbour: good__named_tuples.py
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
    return {"total": jnp.zeros(shape), "n": jnp.array(0, dtype=jnp.int32)}


def update_mean(state, x):
    total = state["total"] + x
    n = state["n"] + 1.0
    return total / n, {"total": total, "n": n}


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
