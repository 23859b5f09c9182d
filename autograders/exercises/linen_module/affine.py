"""Tells what is wrong with the parameters of `Affine`."""

import numpy as np

from autograders.checks import Failure, require
from autograders.judge.values import Value


def own_key(path: str) -> str:
    return path.strip("[]'").split("']['")[-1]


def scale_and_shift(values: Value, affine: Value, x: np.ndarray) -> tuple[int, int]:
    """Where `scale` and `shift` stand among the leaves."""
    names = [own_key(path) for path in values.paths]
    if sorted(names) == ["scale", "shift"]:
        return names.index("scale"), names.index("shift")
    have = f"the parameters {', '.join(names)}" if names else "no parameters"
    said = f"`Affine` has {have}; it should have `scale` and `shift`."
    operations = set(affine.method("apply").program(values, x).operations) if values.leaves else {"mul", "add"}
    if set(names) < {"scale", "shift"} and operations >= {"mul", "add"}:
        why = "An array that is made in `__call__` is in no tree: `init` does not return it, and nothing can train it."
        raise Failure(said, why, "Declare what is to be learned with `self.param`.", "L17")
    raise Failure(said, "The exercise names both.", "Call `self.param` once for each of the two, under these names.")


def as_long_as_the_last_axis(leaf: np.ndarray, name: str, shape: tuple[int, ...]) -> None:
    """A parameter has one number for each place along the last axis of the input."""
    said = f"`{name}` has shape {leaf.shape} for an input of shape {shape}; it should be {shape[-1:]}."
    why = "There is one number for each place along the last axis, however many axes stand before it."
    other = "L12" if leaf.shape == shape else "L11" if leaf.shape in [(size,) for size in shape[:-1]] else ""
    why += " The batch must not go into a parameter." if other else ""
    hint = "Which entry of `x.shape` is the last, for two axes and for four?"
    require(leaf.shape == shape[-1:], said, why, hint, other)


def dropped_sum() -> Failure:
    return Failure(
        "the output of `Affine` lacks a sum or a product that is computed: nothing uses its result.",
        "`y + shift` on a line of its own changes no array: it makes a new one.",
        "Give the result a name, and return that.",
        "C13",
    )
