# The state is an object of a class that JAX does not know; nothing is wrong without jit.
# misconception: C18
# neighbour: good__own_pytree_class.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class Ticks:
    def __init__(self, n):
        self.n = n


class CounterV2:
    def reset(self):
        return Ticks(0)

    def count(self, n):
        ticks = Ticks(n.n + 1)
        return ticks.n, ticks


def init_mean(shape=()):
    return {"sum": jnp.zeros(shape), "seen": 0}


def update_mean(state, x):
    new = {"sum": state["sum"] + x, "seen": state["seen"] + 1}
    return new["sum"] / new["seen"], new


def count_many(state, n):
    def one(state, i):
        value, state = CounterV2().count(state)
        return state, value

    last, values = jax.lax.scan(one, state, jnp.arange(n))
    return values, last
