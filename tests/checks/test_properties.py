"""Each reusable property, on one case that has it and one that has not."""

import ml_dtypes
import numpy as np
import pytest

from autograders.checks import Failure, comparing, dense, purity
from autograders.judge.handle import Value
from autograders.learner.messages import Array, Described, Opaque, Returned, Scalar


def value(*leaves, tree: int = 0, **seen) -> Value:
    """A state with these leaves, as a learner's process would describe it."""
    described = Described(0, "tuple", tree, paths=tuple(f"[{i}]" for i in range(len(leaves))), leaves=leaves)
    return Value(described, None, "count(n)", Returned(described, **seen))


def array(x: np.ndarray) -> Array:
    return Array(str(x.dtype), x.shape, x.tobytes())


SHAPES = [np.zeros((3, 4), np.float32), np.zeros(4, np.float32), np.zeros((4, 2), np.float32), np.zeros(2, np.float32)]


@pytest.mark.parametrize(
    "got, want, is_close",
    [
        (np.float32([1, 2]), np.float32([1, 2.00001]), True),
        (np.float32([1, 2]), np.float32([1, 2.01]), False),
        (np.array([1, 2], ml_dtypes.bfloat16), np.float32([1.01, 2]), True),
        (np.float32([1, 2]), np.float32([[1, 2]]), False),
        (np.float32([1, np.nan]), np.float32([1, np.nan]), False),
        (np.zeros(3, np.float32), np.full(3, 9e-3, np.float32), False),
    ],
    ids=["equal", "off", "half precision", "another shape", "nan", "small but not zero"],
)
def test_close_compares_strictly(got, want, is_close):
    """Shapes do not broadcast, nan equals nothing, and small numbers are compared by their own size."""
    assert comparing.close(got, want) == is_close


def test_state_unchanged():
    """A call that changed its argument fails, another passes."""
    purity.state_unchanged(value(Scalar(1)), "state")
    with pytest.raises(Failure, match="changed the state that it was given, in place"):
        purity.state_unchanged(value(Scalar(1), changed=("[0]",)), "state")


def test_wrote_nothing():
    """A call that wrote to an attribute fails and names it, another passes."""
    purity.wrote_nothing(value(Scalar(1)))
    with pytest.raises(Failure, match=r"wrote to `self\.n`") as caught:
        purity.wrote_nothing(value(Scalar(1), wrote=("self.n",)))
    assert caught.value.misconception == "C01"


def test_same_form_lets_the_first_step_turn_an_int_into_an_array():
    """A Python int may become an int32 array at the first step."""
    steps = [value(Scalar(0)), value(array(np.int32(1))), value(array(np.int32(2)))]
    purity.same_form(steps, "the state")


@pytest.mark.parametrize(
    "last, message",
    [
        (value(array(np.int32(2)), tree=1), "changed its form"),
        (value(array(np.zeros(2, np.int32))), "changed its form"),
        (value(array(np.float32(2))), "changed a dtype"),
        (value(Opaque("str")), "holds a str"),
    ],
    ids=["static field", "shape", "dtype", "a string"],
)
def test_same_form_sees(last, message):
    """Another tree, shape or dtype later on, or a leaf that jit cannot take, fails."""
    with pytest.raises(Failure, match=message):
        purity.same_form([value(array(np.int32(0))), value(array(np.int32(1))), last], "the state")


def test_dense_layers_are_known_by_shape():
    """The order and the names of the leaves do not matter."""
    dense.require_dense_layers(SHAPES[::-1], (3, 4, 2), "`Net`")
    with pytest.raises(Failure, match="parameters of shapes"):
        dense.require_dense_layers(SHAPES[:3], (3, 4, 2), "`Net`")
    with pytest.raises(Failure) as caught:
        dense.require_dense_layers([SHAPES[0], SHAPES[2]], (3, 4, 2), "`Net`")
    assert "biases are no parameters" in caught.value.why
