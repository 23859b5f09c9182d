# A factory makes the class; its methods close over a constant that never changes.
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


def counter_class(by):
    class Made:
        def reset(self):
            return {"n": 0}

        def count(self, n):
            return n["n"] + by, {"n": n["n"] + by}

    return Made


CounterV2 = counter_class(1)


def init_mean(shape=()):
    return {"sum": jnp.zeros(shape), "seen": 0}


def update_mean(state, x):
    new = {"sum": state["sum"] + x, "seen": state["seen"] + 1}
    return new["sum"] / new["seen"], new


def count_many(state, n):
    counter = CounterV2()

    def body(carry, _):
        value, carry = counter.count(carry)
        return carry, value

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
