# Sets the slots of the state's array with .at and .set and forgets that these return a new one.
# misconception: C13
# neighbour: good__slot_of_a_float_array.py
import jax
import jax.numpy as jnp

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
    return jnp.zeros((2, *shape))


def update_mean(state, x):
    state.at[0].set(state[0] + x)
    state.at[1].set(state[1] + 1)
    return (state[0] + x) / (state[1] + 1), state


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
