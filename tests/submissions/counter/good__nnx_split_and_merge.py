# The counter is a stateful nnx module inside; each call merges it from the state it is given and splits it
# again.
# needs: flax>=0.11.2
import jax
import jax.numpy as jnp
from flax import nnx

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class Ticker(nnx.Module):
    def __init__(self):
        self.n = nnx.Variable(jnp.zeros((), jnp.int32))

    def __call__(self):
        self.n[...] += 1
        return self.n[...]


class CounterV2:
    def reset(self):
        return nnx.state(Ticker())

    def count(self, n):
        ticker = nnx.merge(nnx.graphdef(Ticker()), n, copy=True)
        value = ticker()
        return value, nnx.state(ticker)


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total = total + x
    n = n + 1
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
