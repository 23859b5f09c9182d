# Nested dicts; the new state is made by jax.tree.map over the old one.
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def count(self, n):
        new_n = jax.tree.map(lambda leaf: leaf + 1, n)
        return new_n["counters"]["main"], new_n

    def reset(self):
        return {"counters": {"main": jnp.int32(0)}}


def init_mean(shape=()):
    return {"sum": jnp.zeros(shape), "count": jnp.zeros(shape)}


def update_mean(state, x):
    step = {"sum": x, "count": 1.0}
    state = jax.tree.map(jnp.add, state, step)
    return state["sum"] / state["count"], state


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
