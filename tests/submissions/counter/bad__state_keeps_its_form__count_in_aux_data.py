# Registers a class of its own and puts the count where only what never changes belongs.
# misconception: C22
# neighbour: good__own_pytree_class.py
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
        return (), self.n

    @classmethod
    def tree_unflatten(cls, n, children):
        return cls(n)


class CounterV2:
    def reset(self):
        return Ticks(0)

    def count(self, n):
        return n.n + 1, Ticks(n.n + 1)


def init_mean(shape=()):
    return jnp.zeros(shape), 0


def update_mean(state, x):
    total, n = state
    total, n = total + x, n + 1
    return total / n, (total, n)


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
