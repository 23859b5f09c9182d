# Appends every new mean to a list in a default argument, which lives as long as the function.
# misconception: C15
# neighbour: good__key_travels_with_the_count.py
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


def update_mean(state, x, log=[]):
    total, n = state["total"] + x, state["n"] + 1
    log.append(total / n)
    return total / n, {"total": total, "n": n}


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
