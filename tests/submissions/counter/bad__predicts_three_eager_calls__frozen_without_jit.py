# Believes that the counter returns 1 for ever with or without jit, so the eager calls are wrong too.
# misconception: C02
# neighbour: good__predictions_by_running_it.py
import jax
import jax.numpy as jnp

eager_calls = [1, 1, 1]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def count(self, n: int) -> tuple[int, int]:
        return n + 1, n + 1

    def reset(self) -> int:
        return 0


def init_mean(shape=()):
    return {"mean": jnp.zeros(shape), "n": jnp.int32(0)}


def update_mean(state, x):
    n = state["n"] + 1
    mean = state["mean"] + (x - state["mean"]) / n
    return mean, {"mean": mean, "n": n}


def count_many(state, n):
    state, values = jax.lax.scan(lambda s, _: CounterV2().count(s)[::-1], state, length=n)
    return values, state
