# A factory function hides a dict in a closure and every call writes the latest count into it.
# misconception: C25
# neighbour: good__factory_closes_over_a_constant.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


def make_counter_class():
    last = {"value": 0}

    class CounterV2:
        def count(self, n):
            last["value"] = n + 1
            return n + 1, n + 1

        def reset(self):
            return 0

    return CounterV2


CounterV2 = make_counter_class()


def init_mean(shape=()):
    return {"total": jnp.zeros(shape), "n": 0}


def update_mean(state, x):
    total = state["total"] + x
    n = state["n"] + 1
    return total / n, {"total": total, "n": n}


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
