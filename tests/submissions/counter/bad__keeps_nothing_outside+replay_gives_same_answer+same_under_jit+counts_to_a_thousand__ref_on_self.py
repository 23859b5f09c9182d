# A Ref on self holds the count, as JAX allows; but the same arguments give another answer the next time.
# misconception: C26
# neighbour: good__ref_inside_the_call.py
# needs: jax>=0.7.2
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def __init__(self):
        self.ref = jax.new_ref(jnp.int32(0))

    def reset(self):
        return 0

    def count(self, n):
        self.ref[...] += 1
        return self.ref[...], n + 1


def init_mean(shape=()):
    return {"sum": jnp.zeros(shape), "seen": 0}


def update_mean(state, x):
    new = {"sum": state["sum"] + x, "seen": state["seen"] + 1}
    return new["sum"] / new["seen"], new


def count_many(state, n):
    def one(state, i):
        value, state = CounterV2().count(state)
        return state, value

    last, values = jax.lax.scan(one, state, jnp.arange(n))
    return values, last
