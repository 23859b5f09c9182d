# A Python loop is unrolled while tracing: the values are right, but the program is n times as long.
# misconception: T10
# neighbour: good__python_int_in_and_out.py
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
    return {"total": jnp.zeros(shape), "n": 0}


def update_mean(state, x):
    total = state["total"] + x
    n = state["n"] + 1
    return total / n, {"total": total, "n": n}


def count_many(state, n):
    counter = CounterV2()
    values = []
    for _ in range(n):
        value, state = counter.count(state)
        values.append(value)
    return jnp.array(values, dtype=jnp.int32), state
