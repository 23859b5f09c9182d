# The count lives in a module-level dict; the state that is passed is ignored.
# misconception: C25
# neighbour: good__new_dict_every_step.py
import jax
import jax.numpy as jnp

# predict
eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


_store = {"n": 0}


class CounterV2:
    # no self used, so it is pure
    def count(self, n):
        _store["n"] = _store["n"] + 1
        return _store["n"], _store["n"]

    def reset(self):
        _store["n"] = 0
        return 0


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
