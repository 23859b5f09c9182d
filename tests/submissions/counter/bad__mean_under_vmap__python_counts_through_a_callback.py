# Lets Python do the counting through pure_callback, and does not say how that is done for a batch.
# misconception: none
# neighbour: good__prints_along_the_way.py
import jax
import jax.numpy as jnp
import numpy as np

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def count(self, n):
        after = n["steps"] + 1
        return after, {"steps": after}

    def reset(self):
        return {"steps": 0}


def init_mean(shape=()):
    return jnp.zeros(shape), jnp.int32(0)


def update_mean(state, x):
    total, n = state
    n = jax.pure_callback(lambda n: np.int32(n + 1), jax.ShapeDtypeStruct((), jnp.int32), n)
    total = total + x
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
