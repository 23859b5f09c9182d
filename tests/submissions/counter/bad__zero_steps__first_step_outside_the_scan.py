# Takes the first step by hand and scans over the other n - 1, which is -1 where nothing was asked for.
# misconception: D07
# neighbour: good__new_dict_every_step.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def count(self, n):
        new_n = {"n": n["n"] + 1}
        return new_n["n"], new_n

    def reset(self):
        return {"n": 0}


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total = total + x
    n = n + 1
    return total / n, (total, n)


def count_many(state, n):
    counter = CounterV2()
    first, state = counter.count(state)

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, rest = jax.lax.scan(step, state, None, length=n - 1)
    return jnp.concatenate([jnp.array([first]), rest]), state
