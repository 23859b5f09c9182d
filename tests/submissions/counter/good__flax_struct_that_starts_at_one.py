# flax.struct dataclasses changed with .replace; the counter state starts at 1 and is handed out before it
# goes up.
import jax
import jax.numpy as jnp
from flax import struct

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


@struct.dataclass
class CountState:
    upcoming: jax.Array | int


@struct.dataclass
class MeanState:
    mean: jax.Array
    n: jax.Array | int


class CounterV2:
    def reset(self) -> CountState:
        return CountState(upcoming=1)

    def count(self, n: CountState):
        return n.upcoming, n.replace(upcoming=n.upcoming + 1)


def init_mean(shape=()) -> MeanState:
    return MeanState(mean=jnp.zeros(shape), n=0)


def update_mean(state: MeanState, x):
    n = state.n + 1
    mean = (state.mean * state.n + x) / n
    return mean, state.replace(mean=mean, n=n)


def count_many(state, n):
    def step(state, _):
        value, state = CounterV2().count(state)
        return state, value

    state, values = jax.lax.scan(step, state, length=n)
    return values, state
