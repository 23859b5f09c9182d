# The step is a global that was 1 when jit first traced, and was changed later. The old program still adds 1;
# a new trace adds 2.
# misconception: C04
# neighbour: good__jitted_methods_with_static_self.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


STEP = 1


@jax.jit
def bump(n):
    return n + STEP


bump(0)  # tried out
STEP = 2  # to see what happens


class CounterV2:
    def reset(self):
        return 0

    def count(self, n):
        n = bump(n)
        return n, n


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total, n = total + x, n + 1
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
