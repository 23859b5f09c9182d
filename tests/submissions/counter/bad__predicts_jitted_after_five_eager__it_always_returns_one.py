# Has learnt "a jitted counter returns 1" as a rule; what is frozen is whatever Python computed while tracing.
# misconception: C02
# neighbour: good__predictions_by_running_it.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [1, 1, 1]
python_side_n = 1


class CounterV2:
    def count(self, n):
        new_n = {"n": n["n"] + 1}
        return new_n["n"], new_n

    def reset(self):
        return {"n": 0}


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
