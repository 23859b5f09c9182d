# A Ref that is made, changed and read within one call: nothing of it outlives the call, so the function is
# pure.
# needs: jax>=0.7.2
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return jnp.int32(0)

    def count(self, n):
        ref = jax.new_ref(jnp.asarray(n))
        ref[...] += 1
        n = ref[...]
        return n, n


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total = total + x
    n = n + 1
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
