# Calls replace on the state of the mean twice, and keeps neither result.
# misconception: C21
# neighbour: good__flax_struct_that_starts_at_one.py
import jax
import jax.numpy as jnp
from flax import struct

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


@struct.dataclass
class MeanState:
    total: jax.Array
    n: int


def init_mean(shape=()):
    return MeanState(jnp.zeros(shape), 0)


def update_mean(state, x):
    state.replace(total=state.total + x)
    state.replace(n=state.n + 1)
    return (state.total + x) / (state.n + 1), state


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
