# The counter is a Linen module with a variable collection; count() is its apply with mutable, so the state is
# the dict of collections.
import jax
import jax.numpy as jnp
from flax import linen as nn

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class StepCounter(nn.Module):
    @nn.compact
    def __call__(self):
        ready = self.has_variable("counter", "n")
        n = self.variable("counter", "n", lambda: jnp.zeros((), jnp.int32))
        if ready:
            n.value = n.value + 1
        return n.value


class CounterV2:
    def reset(self):
        return StepCounter().init(jax.random.key(0))

    def count(self, n):
        return StepCounter().apply(n, mutable=["counter"])


class Average(nn.Module):
    @nn.compact
    def __call__(self, x):
        ready = self.has_variable("stats", "n")
        total = self.variable("stats", "total", jnp.zeros_like, x)
        n = self.variable("stats", "n", jnp.zeros, ())
        if not ready:
            return total.value
        total.value = total.value + x
        n.value = n.value + 1
        return total.value / n.value


def init_mean(shape=()):
    return Average().init(jax.random.key(0), jnp.zeros(shape))


def update_mean(state, x):
    return Average().apply(state, x, mutable=["stats"])


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
