# The state is a Ref that every call writes to, so an old state is the same thing as the new one.
# misconception: C26, C10
# neighbour: good__ref_inside_the_call.py
# needs: jax>=0.7.2
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return jax.new_ref(jnp.int32(0))

    def count(self, n):
        n[...] += 1
        return n[...], n


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total, n = total + x, n + 1
    return total / n, (total, n)


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
