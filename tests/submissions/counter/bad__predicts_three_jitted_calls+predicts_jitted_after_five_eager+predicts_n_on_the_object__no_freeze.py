# Thinks that jit only makes things faster, so the jitted counter goes on counting like the eager one.
# misconception: C01
# neighbour: good__predictions_by_running_it.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 2, 3]
jitted_after_five_eager = [6, 7, 8]
python_side_n = 3


class CounterV2:
    def count(self, n: int) -> tuple[int, int]:
        return n + 1, n + 1

    def reset(self) -> int:
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
