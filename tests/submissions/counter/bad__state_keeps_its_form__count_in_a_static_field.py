# The count is a static field of the struct: the values are right, but jit compiles anew for every single
# step.
# misconception: C22
# neighbour: good__flax_struct_that_starts_at_one.py
import jax
import jax.numpy as jnp
from flax import struct

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


@struct.dataclass
class CountState:
    n: int = struct.field(pytree_node=False, default=0)


class CounterV2:
    def count(self, n: CountState):
        new_n = n.replace(n=n.n + 1)
        return new_n.n, new_n

    def reset(self):
        return CountState()


def init_mean(shape=()):
    return {"mean": jnp.zeros(shape), "n": jnp.int32(0)}


def update_mean(state, x):
    n = state["n"] + 1
    mean = state["mean"] + (x - state["mean"]) / n
    return mean, {"mean": mean, "n": n}


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
