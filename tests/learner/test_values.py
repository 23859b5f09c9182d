"""Copies of what a learner's process holds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from autograders.learner.messages import Ref
from autograders.learner.values import Objects, fresh_copy, remembered

KEY = jax.random.key(3)


def tree() -> dict:
    return {"a": jnp.arange(3.0), "b": [jnp.int32(2), 1.5], "key": KEY, "host": np.ones(2), "weak": jnp.asarray(1)}


@pytest.mark.parametrize("copy", [fresh_copy, remembered])
def test_a_copy_holds_the_same_in_containers_of_its_own(copy):
    given = tree()
    made = copy(given)
    assert jax.tree.structure(made) == jax.tree.structure(given)
    assert made["b"] is not given["b"]
    assert made["host"] is not given["host"]
    assert (jax.random.key_data(made["key"]) == jax.random.key_data(KEY)).all()
    assert made["a"].tolist() == [0.0, 1.0, 2.0]
    assert made["b"] == [2, 1.5]


def test_a_copy_keeps_its_buffer_when_the_original_is_donated():
    given = {"x": jnp.arange(4.0), "y": jnp.ones(4)}
    made, kept = fresh_copy(given), remembered(given)
    jax.jit(lambda d: jax.tree.map(lambda x: x + 1, d), donate_argnums=0)(given)
    assert given["x"].is_deleted()
    assert made["x"].tolist() == kept["x"].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_a_copy_is_an_array_of_jax_of_the_same_kind():
    made = fresh_copy(tree())
    assert isinstance(made["a"], jax.Array)
    assert isinstance(made["host"], np.ndarray)
    assert made["weak"].weak_type
    assert not made["a"].weak_type


def test_what_cannot_be_copied_is_handed_over():
    gone = jnp.ones(2)
    gone.delete()
    assert fresh_copy([gone])[0] is gone


def test_an_object_that_is_held_stays_as_it_is():
    objects = Objects()
    described = objects.describe(held := {"x": np.zeros(2)})
    objects.build(Ref(described.ref))["x"] += 1
    assert held["x"].tolist() == [0.0, 0.0]
