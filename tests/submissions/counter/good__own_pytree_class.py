# A class of its own, registered as a pytree node by tree_flatten and tree_unflatten, without an __eq__.
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


@jax.tree_util.register_pytree_node_class
class Ticks:
    def __init__(self, n):
        self.n = n

    def tree_flatten(self):
        return (self.n,), None

    @classmethod
    def tree_unflatten(cls, aux, children):
        return cls(*children)


class CounterV2:
    def count(self, n):
        ticks = Ticks(n.n + 1)
        return ticks.n, ticks

    def reset(self):
        return Ticks(0)


@jax.tree_util.register_pytree_node_class
class Mean:
    def __init__(self, total, n):
        self.total = total
        self.n = n

    def tree_flatten(self):
        return (self.total, self.n), None

    @classmethod
    def tree_unflatten(cls, aux, children):
        return cls(*children)


def init_mean(shape=()):
    return Mean(jnp.zeros(shape), 0)


def update_mean(state, x):
    new = Mean(state.total + x, state.n + 1)
    return new.total / new.n, new


def count_many(state, n):
    counter = CounterV2()

    def step(state, _):
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, None, length=n)
    return values, state
