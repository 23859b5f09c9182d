# struct.PyTreeNode subclasses that carry their own step methods; a Python int becomes an array under jit.
import jax
import jax.numpy as jnp
from flax import struct

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class Count(struct.PyTreeNode):
    n: int | jax.Array = 0

    def up(self) -> "Count":
        return self.replace(n=self.n + 1)


class Mean(struct.PyTreeNode):
    total: jax.Array
    n: int | jax.Array = 0

    def seen(self, x) -> "Mean":
        return self.replace(total=self.total + x, n=self.n + 1)


class CounterV2:
    def count(self, n: Count):
        after = n.up()
        return after.n, after

    def reset(self) -> Count:
        return Count()


def init_mean(shape=()):
    return Mean(total=jnp.zeros(shape))


def update_mean(state, x):
    state = state.seen(x)
    return state.total / state.n, state


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
