"""Each reusable property, on one case that has it and one that has not."""

import ml_dtypes
import numpy as np
import pytest

from autograders.checks import Failure, comparing, dense, purity
from autograders.judge.values import Value
from autograders.learner.messages import Array, Described, Opaque, Place, Returned, Scalar


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
    changed = (Place("[0]", "argument", "container"),)
    for same_object, misconception in ((True, "C10"), (False, "C09")):
        with pytest.raises(Failure, match="changed the state that it was given, in place") as caught:
            purity.state_unchanged(value(Scalar(1), changed=changed, same_object=same_object), "state")
        assert caught.value.misconception == misconception


@pytest.mark.parametrize(
    "place, misconception",
    [
        (Place("self.n", "self", "int"), "C01"),
        (Place("self.n", "self", "array"), "C06"),
        (Place("self.seen", "self", "list", grew=True), "C05"),
        (Place("the global total", "global", "int"), "C25"),
        (Place("the global key", "global", "key"), "R05"),
        (Place("the default argument seen of count", "default", "list", grew=True), "C15"),
        (Place("self.numbers", "self", "iterator"), "C16"),
        (Place("NumPy's random numbers", "global", "random"), "C17"),
        (Place("self.ref", "self", "ref"), "C26"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_wrote_nothing(place, misconception):
    """A call that wrote somewhere fails; the place is named, and what stands there tells the mistake."""
    purity.wrote_nothing(value(Scalar(1)))
    with pytest.raises(Failure) as caught:
        purity.wrote_nothing(value(Scalar(1), wrote=(place,)))
    assert place.path in caught.value.what
    assert caught.value.misconception == misconception


def test_a_tracer_left_on_self_tells_more_than_a_number():
    """What tracing leaves behind counts as well as what a call does."""
    left = (Place("self.n", "self", "tracer"),)
    with pytest.raises(Failure) as caught:
        purity.wrote_nothing(value(Scalar(1), wrote=(Place("self.n", "self", "int"),)), lambda: left)
    assert caught.value.misconception == "C06"


def test_same_form_lets_the_first_step_turn_an_int_into_an_array():
    """A Python int may become an int32 array at the first step."""
    steps = [value(Scalar(0)), value(array(np.int32(1))), value(array(np.int32(2)))]
    purity.same_form(steps, "the state")


@pytest.mark.parametrize(
    "last, message, misconception",
    [
        (value(array(np.int32(2)), tree=1), "changed its form", "T05"),
        (value(array(np.zeros(2, np.int32))), "had shape", "T01"),
        (value(array(np.float32(2))), "had dtype", "F03"),
        (value(Opaque("str")), "holds a str", "C19"),
        (value(Opaque("Count")), "holds a Count", "C18"),
        (value(Opaque("generator", iterator=True)), "holds a generator", "C16"),
    ],
    ids=["tree", "shape", "dtype", "a string", "an object", "an iterator"],
)
def test_same_form_sees(last, message, misconception):
    """Another tree, shape or dtype later on, or a leaf that jit cannot take, fails."""
    with pytest.raises(Failure, match=message) as caught:
        purity.same_form([value(array(np.int32(0))), value(array(np.int32(1))), last], "the state")
    assert caught.value.misconception == misconception


def test_a_new_tree_at_every_step_is_a_static_field():
    """Where paths stay and the tree is another each time, what changes is no leaf."""
    with pytest.raises(Failure, match="static") as caught:
        purity.same_form([value(array(np.int32(0)), tree=n) for n in range(3)], "the state")
    assert caught.value.misconception == "C22"


def test_same_form_lets_numpy_have_64_bits():
    """JAX takes a float64 of NumPy as float32, so the first step changes nothing."""
    purity.same_form([value(array(np.float64(0))), value(array(np.float32(1)))], "the state")


def test_dense_layers_are_known_by_shape():
    """The order and the names of the leaves do not matter."""
    dense.require_dense_layers(SHAPES[::-1], (3, 4, 2), "`Net`")
    with pytest.raises(Failure, match="parameters of shapes"):
        dense.require_dense_layers(SHAPES[:3], (3, 4, 2), "`Net`")
    with pytest.raises(Failure) as caught:
        dense.require_dense_layers([SHAPES[0], SHAPES[2]], (3, 4, 2), "`Net`")
    assert "biases are missing" in caught.value.why
