# Adds up in a Ref that is made anew in every call; nothing of it is left afterwards.
# needs: jax>=0.7.2
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return jnp.array(0)

    def count(self, n):
        after = n + 1
        return after, after


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    ref = jax.new_ref(jnp.zeros(x.shape))
    ref[...] += total
    ref[...] += x
    total, n = ref[...], n + 1
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
