# Prints while Python runs and while the program runs; a print changes no answer, and nothing forbids it here.
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
        print("counting from", n)
        jax.debug.print("n is {n}", n=n)
        return n + 1, n + 1


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    jax.debug.print("{x} comes after {n} others", x=x, n=n)
    total, n = total + x, n + 1
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
