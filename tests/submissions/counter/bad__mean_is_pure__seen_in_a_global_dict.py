# Counts in a dict of the module how many numbers there were in all, besides the state.
# misconception: C25
# neighbour: good__factory_closes_over_a_constant.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return 0

    def count(self, n):
        return n + 1, n + 1


statistics = {"seen": 0}


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    statistics["seen"] += 1
    total, n = state[0] + x, state[1] + 1
    return total / n, (total, n)


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
