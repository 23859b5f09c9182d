# Maps the counter over a Python list of steps with jax.tree.map, which is a Python loop by another name.
# misconception: T10
# neighbour: good__one_program_for_each_length.py
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


def init_mean(shape=()):
    return {"sum": jnp.zeros(shape), "seen": 0}


def update_mean(state, x):
    new = {"sum": state["sum"] + x, "seen": state["seen"] + 1}
    return new["sum"] / new["seen"], new


def count_many(state, n):
    states = [state + i for i in range(n)]
    values = jax.tree.map(lambda s: CounterV2().count(s)[0], states)
    return jnp.array(values, dtype=jnp.int32).reshape(n), state + n
