# Assigns to a field of a flax.struct dataclass, which is frozen.
# misconception: C20
# neighbour: good__flax_struct_that_starts_at_one.py
import jax
import jax.numpy as jnp
from flax import struct

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


@struct.dataclass
class Ticks:
    n: int = 0


class CounterV2:
    def reset(self):
        return Ticks()

    def count(self, n):
        n.n = n.n + 1
        return n.n, n


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
