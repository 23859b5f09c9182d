# How much a number counts is a global, read when jit first traced a helper, and changed afterwards: all looks
# right until something is traced anew.
# misconception: C04
# neighbour: good__jitted_methods_with_static_self.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return 0

    def count(self, n):
        return n + 1, n + 1


COUNTS_FOR = 1


@jax.jit
def advance(n):
    return n + COUNTS_FOR


advance(0)  # tried out
COUNTS_FOR = 2  # what if every number counted twice? Nothing happened


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total, n = total + x, advance(n)
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
