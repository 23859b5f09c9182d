"""Tells how parameters follow the key that they are made from."""

import contextlib
from itertools import combinations

import numpy as np

from autograders.checks import Failure, require
from autograders.judge.handle import Submission
from autograders.judge.values import Value

ALIKE = 0.999  # correlation of two draws: independent ones of 35 numbers and more stay far below, equal ones are at 1


def follows_the_key(first: Value, again: Value, other: Value, name: str, submission: Submission) -> None:
    """Parameters are equal for equal keys, different for different ones, and their kernels are drawn apart."""
    if not same_leaves(first, again):
        raise moves_by_itself(first, name)
    if same_leaves(first, other):
        raise ignores_the_key(name, submission)
    drawn_apart([leaf for leaf in first.leaves if leaf.ndim == 2], name)


def same_leaves(a: Value, b: Value) -> bool:
    pairs = zip(a.leaves, b.leaves, strict=False)
    return len(a.leaves) == len(b.leaves) and all(np.array_equal(x, y) for x, y in pairs)


def moves_by_itself(first: Value, name: str) -> Failure:
    """The same key gave different parameters: by a key that is kept outside, by another global, or by NumPy's numbers."""
    said = f"{name} gave different parameters for the same key."
    why = "Randomness in JAX comes from the key alone, so that whoever has the key can have the same numbers again."
    if all(place.kind == "random" for place in first.wrote):
        return Failure(said, why, "Look for NumPy's random numbers, Python's, or the clock.", "R06")
    hint = f"Each call changes {first.wrote[0].path}: use what comes in instead."
    return Failure(said, why, hint, "R05" if any(place.kind == "key" for place in first.wrote) else "C25")


def is_key(leaf: object) -> bool:
    """A typed key, as the key data it travels in, or an old-style one."""
    return getattr(leaf, "dtype", None) == np.uint32 and leaf.shape[-1:] == (2,)


def ignores_the_key(name: str, submission: Submission) -> Failure:
    said = f"{name} gave the same parameters for two different keys."
    why = "A key that is made inside is the same in every call."
    if name == "`init_params`" and key_as_default(submission):
        why = "A default argument is made once, when the function is defined, and is the same in every call."
        return Failure(said, why, "Use the key that comes in.", "R07")
    return Failure(said, why, "Use the key that comes in.", "R02")


def key_as_default(submission: Submission) -> bool:
    """Whether `init_params` has a key among its default arguments."""
    with contextlib.suppress(Failure):  # what is no plain function has none
        defaults = [submission.value("init_params").attribute(name) for name in ("__defaults__", "__kwdefaults__")]
        return any(is_key(leaf) for value in defaults for leaf in value.leaves)
    return False


def drawn_apart(kernels: list[np.ndarray], name: str) -> None:
    """No kernel repeats another's numbers, and none repeats one row or column."""
    why = "A key gives the same numbers each time it is used: for every draw it takes a key of its own."
    hint = "Split the key first, and use each part once."
    for kernel in kernels:
        alike = kernel.std() > 0 and (np.all(kernel == kernel[:1]) or np.all(kernel == kernel[:, :1]))
        said = f"{name} made a kernel of shape {kernel.shape} in which one row or column stands again and again."
        require(not alike, said, why, hint, "R08")
    for a, b in combinations(kernels, 2):
        said = f"{name} made kernels of shapes {a.shape} and {b.shape} from the same random numbers."
        require(not same_draw(a, b), said, why, hint, "R01")


def same_draw(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two kernels hold the same numbers in the same order, up to their scale."""
    n = min(a.size, b.size)
    a, b = (np.asarray(x, np.float64).ravel()[:n] for x in (a, b))
    return bool(n > 8 and a.std() > 0 and b.std() > 0 and abs(np.corrcoef(a, b)[0, 1]) > ALIKE)
