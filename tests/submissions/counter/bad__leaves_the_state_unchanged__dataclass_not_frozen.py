# A registered dataclass that is not frozen: the step assigns to the field of the object it was given.
# misconception: C10
# neighbour: good__registered_dataclass.py
import dataclasses

import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class State:
    n: int = 0


class CounterV2:
    def count(self, n: State):
        n.n = n.n + 1
        return n.n, n

    def reset(self) -> State:
        return State()


def init_mean(shape=()):
    return {"total": jnp.zeros(shape), "n": 0}


def update_mean(state, x):
    total = state["total"] + x
    n = state["n"] + 1
    return total / n, {"total": total, "n": n}


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
