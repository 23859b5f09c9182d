# Runs the given Counter instead of predicting, and keeps what it saw; the state is a float.
import jax
import jax.numpy as jnp


class Counter:
    def __init__(self):
        self.n = 0

    def count(self):
        self.n += 1
        return self.n

    def reset(self):
        self.n = 0


c = Counter()
eager_calls = [c.count() for _ in range(3)]

c = Counter()
jitted = jax.jit(c.count)
jitted_calls = jnp.array([jitted() for _ in range(3)])
python_side_n = c.n

c = Counter()
for _ in range(5):
    c.count()
jitted = jax.jit(c.count)
jitted_after_five_eager = [jitted() for _ in range(3)]


class CounterV2:
    def count(self, n):
        return n + 1.0, n + 1.0

    def reset(self):
        return 0.0


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total = total + x
    n = n + 1
    return total / n, (total, n)


def count_many(state, n):
    def step(state, _):
        value, state = CounterV2().count(state)
        return state, jnp.int32(value)

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
