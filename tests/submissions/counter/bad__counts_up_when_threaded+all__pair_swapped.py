# Returns (new state, value) instead of (value, new state), with a state that differs from the value.
# misconception: C23
# neighbour: good__named_tuples.py
import jax
import jax.numpy as jnp

# predict
eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    # state: the value that comes next
    def count(self, n):
        return n + 1, n

    def reset(self):
        return 1


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total = total + x
    n = n + 1
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, None, length=n)
    return values, state
