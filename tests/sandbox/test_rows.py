"""Rows in one program are those that JAX takes one operation after the other."""

import logging

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax._src.array import ArrayImpl

from autograders.sandbox import rows

ARRAYS = {
    "vector": jnp.arange(5),
    "matrix": jnp.arange(15.0).reshape(5, 3),
    "images": jnp.arange(60, dtype=jnp.uint8).reshape(5, 4, 3),
    "booleans": jnp.arange(5) % 2 == 0,
    "half precision": jnp.arange(10, dtype=jnp.bfloat16).reshape(5, 2),
    "weakly typed": jax.lax.broadcast(jnp.asarray(2.0), (5,)),
    "no columns": jnp.zeros((5, 0)),
}
INDICES = {
    "some": jnp.array([3, 0, 3]),
    "from the end": jnp.array([-1, -5]),
    "outside": jnp.array([5, 100, -6, 2**31 - 1]),
    "none": jnp.array([], jnp.int32),
    "small numbers": jnp.array([4, 1], jnp.uint8),
}
OTHERS = {
    "a mask": jnp.array([True, False, True, True, False]),
    "a table": jnp.array([[0, 1], [2, 3]]),
    "a number": jnp.asarray(2),
    "a slice": slice(1, 3),
    "a list's array": np.array([1, 2]),
    "two": (jnp.array([1, 2]), 0),
}


@pytest.fixture
def plain():
    return ArrayImpl.__getitem__


@pytest.fixture
def in_one_program(monkeypatch, plain):
    monkeypatch.setattr(ArrayImpl, "__getitem__", plain)  # put back afterwards
    rows.in_one_program()


def same(got: jax.Array, want: jax.Array) -> bool:
    return got.aval == want.aval and bool(
        np.array_equal(np.asarray(got), np.asarray(want), equal_nan=got.dtype.kind == "f")
    )


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_rows_are_the_same(plain, in_one_program, array, index):
    """Shape, type and content, also of rows that are not there."""
    assert same(array[index], plain(array, index))
    with jax.disable_jit():
        assert same(array[index], plain(array, index))


@pytest.mark.parametrize("index", OTHERS.values(), ids=OTHERS)
def test_other_indices_are_left_to_jax(plain, in_one_program, index):
    array = ARRAYS["matrix"]
    assert same(array[index], plain(array, index))


def compiled(array: jax.Array, index: jax.Array, caplog: pytest.LogCaptureFixture) -> int:
    """How many programs are compiled for these."""
    caplog.clear()
    with jax.log_compiles(), caplog.at_level(logging.WARNING):
        array[index].block_until_ready()
    return sum("Finished XLA compilation" in message for message in caplog.messages)


def test_it_is_one_program(plain, in_one_program, caplog):
    """For shapes that nobody had before, where JAX alone compiles one for each operation."""
    assert compiled(jnp.zeros((1234, 5)), jnp.arange(17), caplog) == 1
    ArrayImpl.__getitem__ = plain
    assert compiled(jnp.zeros((1235, 5)), jnp.arange(18), caplog) > 2


def test_a_trace_keeps_its_operations(plain, in_one_program):
    """What is traced is the same program, with constants as with arguments."""
    array, index = ARRAYS["matrix"], INDICES["some"]
    traced = [str(jax.make_jaxpr(f)(index)) for f in (lambda i: array[i], lambda i: array[index] + i[0])]
    ArrayImpl.__getitem__ = plain
    assert traced == [str(jax.make_jaxpr(f)(index)) for f in (lambda i: array[i], lambda i: array[index] + i[0])]


@pytest.mark.parametrize("deleted", ["array", "index"])
def test_errors_are_those_of_jax(plain, in_one_program, deleted):
    array, index = jnp.arange(6.0), jnp.array([1, 2])
    {"array": array, "index": index}[deleted].delete()
    said = []
    for take in (plain, ArrayImpl.__getitem__):
        with pytest.raises(RuntimeError) as error:
            take(array, index)
        said.append(str(error.value))
    assert said[0] == said[1]


def test_what_cannot_be_indexed_is_told_as_before(plain, in_one_program):
    said = []
    for take in (plain, ArrayImpl.__getitem__):
        for array, index in ((jnp.asarray(1.0), INDICES["some"]), (ARRAYS["matrix"], jnp.array([1.0]))):
            with pytest.raises((TypeError, IndexError)) as error:
                take(array, index)
            said.append(str(error.value))
    assert said[:2] == said[2:]
