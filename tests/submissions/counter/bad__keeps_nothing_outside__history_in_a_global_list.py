# There is no self in it, so it must be pure, thinks the learner; yet each call appends to a list of the
# module.
# misconception: C05
# neighbour: good__ring_of_recent_values.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


history = []


class CounterV2:
    def count(self, n):
        new_n = n + 1
        history.append(new_n)
        return new_n, new_n

    def reset(self):
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

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
