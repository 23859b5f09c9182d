# Keeps all values so far in a tuple and averages them: right everywhere, but the state grows, so it cannot be
# the carry of a scan.
# misconception: T05
# neighbour: good__ring_of_recent_values.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def count(self, n: int) -> tuple[int, int]:
        return n + 1, n + 1

    def reset(self) -> int:
        return 0


def init_mean(shape=()):
    return ()


def update_mean(state, x):
    state = (*state, x)
    return sum(state) / len(state), state


def count_many(state, n):
    counter = CounterV2()
    if n == 0:
        return jnp.zeros((0,), dtype=jnp.int32), state

    def body(i, carry):
        values, state = carry
        value, state = counter.count(state)
        return values.at[i].set(value), state

    return jax.lax.fori_loop(0, n, body, (jnp.zeros(n, dtype=jnp.int32), state))
