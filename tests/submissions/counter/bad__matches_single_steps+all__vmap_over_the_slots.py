# Maps over the slots of the state, which all steps share, together with the numbers of the steps.
# misconception: T06
# neighbour: good__vmapped_closed_form.py
import jax
import jax.numpy as jnp

eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1


class CounterV2:
    def reset(self):
        return jnp.zeros(3, jnp.int32)  # x, y, steps

    def count(self, n):
        n = n.at[2].add(1)
        return n[2], n


def init_mean(shape=()):
    return jnp.zeros(shape), jnp.zeros(())


def update_mean(state, x):
    mean, n = state
    mean = mean + (x - mean) / (n + 1)
    return mean, (mean, n + 1)


def count_many(state, n):
    values = jax.vmap(lambda slot, i: slot + i + 1)(state, jnp.arange(n))
    return values, state.at[2].add(n)
