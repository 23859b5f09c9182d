# Jits the function without saying that n is static, so the length of the scan is a tracer.
# misconception: J08
# neighbour: good__jitted_methods_with_static_self.py
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
    return {"mean": jnp.zeros(shape), "n": jnp.int32(0)}


def update_mean(state, x):
    n = state["n"] + 1
    mean = state["mean"] + (x - state["mean"]) / n
    return mean, {"mean": mean, "n": n}


@jax.jit
def count_many(state, n):
    def step(state, _):
        value, state = CounterV2().count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
