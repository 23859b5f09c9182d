# OrderedDicts, which are pytrees as well, rebuilt in every step.
from collections import OrderedDict

import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return OrderedDict(steps=0, last=-1)

    def count(self, n):
        return n["steps"] + 1, OrderedDict(steps=n["steps"] + 1, last=n["last"] + 1)


def init_mean(shape=()):
    return OrderedDict(n=0, mean=jnp.zeros(shape))


def update_mean(state, x):
    n = state["n"] + 1
    mean = state["mean"] + (x - state["mean"]) / n
    return mean, OrderedDict(n=n, mean=mean)


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
