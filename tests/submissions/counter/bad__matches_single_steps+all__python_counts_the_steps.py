# A Python number counts the steps inside the body: it is raised once, while JAX traces, and is a constant
# then.
# misconception: T09
# neighbour: good__cumulative_sum.py
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
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total, n = total + x, n + 1
    return total / n, (total, n)


def count_many(state, n):
    step = 0

    def body(state, _):
        nonlocal step
        step += 1
        return CounterV2().count(state)[1], step

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
