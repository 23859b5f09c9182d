# A statistic needs no gradient, thinks the learner, and stops it: the values are right, the gradient is zero
# without an error.
# misconception: none
# neighbour: good__int32_scalar_that_saturates.py
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
    return {"mean": jnp.zeros(shape), "n": 0}


def update_mean(state, x):
    n = state["n"] + 1
    x = jax.lax.stop_gradient(x)
    mean = state["mean"] + (x - state["mean"]) / n
    return mean, {"mean": mean, "n": n}


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
