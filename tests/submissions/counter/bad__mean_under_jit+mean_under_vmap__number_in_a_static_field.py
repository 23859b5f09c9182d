# The number of values is a static field, so every step is another tree and is compiled anew.
# misconception: C22
# neighbour: good__flax_struct_that_starts_at_one.py
import jax
import jax.numpy as jnp
from flax import struct

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return jnp.array(0)

    def count(self, n):
        after = n + 1
        return after, after


@struct.dataclass
class MeanState:
    total: jax.Array
    n: int = struct.field(pytree_node=False)


def init_mean(shape=()):
    return MeanState(total=jnp.zeros(shape), n=0)


def update_mean(state, x):
    state = state.replace(total=state.total + x, n=state.n + 1)
    return state.total / state.n, state


def count_many(state, n):
    def one(state, i):
        value, state = CounterV2().count(state)
        return state, value

    last, values = jax.lax.scan(one, state, jnp.arange(n))
    return values, last
