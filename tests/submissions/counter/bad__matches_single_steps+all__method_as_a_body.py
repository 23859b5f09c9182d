# Hands count itself to scan, with a dict as the state: what comes first is the value, and no carry.
# misconception: T03, C23
# neighbour: good__nested_dict_mapped_leaf_by_leaf.py
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
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total, n = total + x, n + 1
    return total / n, (total, n)


def count_many(state, n):
    def body(state, _):
        return CounterV2().count(state)

    state, values = jax.lax.scan(body, state, length=n)
    return values, state
