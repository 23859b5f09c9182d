"""Is a step pure: does the old state give the old answer, is nothing changed in place, is nothing written elsewhere?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from autograders.checks.failure import Failure, require

if TYPE_CHECKING:
    from autograders.judge.values import Value
    from autograders.learner.messages import Place

ONCE = "What a call leaves behind outside its results, jit does only once, while it traces."
KIND_OF_WRITING = {  # by what stands at the place: (why, misconception)
    "iterator": (
        "An iterator moves on by itself. Under jit, `next` is called only while it traces, and the same number comes for ever.",
        "C16",
    ),
    "ref": (
        "A Ref that outlives the call is state outside of the arguments, though jit can see it: the same arguments "
        "give another answer the next time.",
        "C26",
    ),
    "random": (
        "Python's and NumPy's random numbers come from a state outside of the arguments. Under jit they are drawn once, "
        "while it traces.",
        "C17",
    ),
    "key": ("A random key that is kept outside is split only once under jit, while it traces.", "R05"),
}
INSTEAD = "Take what you need as an argument, and return what changed."


def state_unchanged(result: Value, name: str) -> None:
    """A call did not change its arguments in place."""
    if not result.changed:
        return
    what = f"`{result.text}` changed the {name} that it was given, in place."
    if any(place.kind == "numpy array" for place in result.changed):
        why = "`+=` writes into a NumPy array that others still hold. On a traced value it only rebinds the name, so jit hides this."
        raise Failure(what, why, "Make a new array: `x = x + 1`, or start with an array of JAX.", "C12")
    raise Failure(
        what,
        "Whoever kept the old state now finds the new one there. jit hides this, because it rebuilds containers.",
        "Build a new container, such as `{**state, ...}` or `state.replace(...)`, and use `x = x + 1` for arrays.",
        "C10" if result.same_object else "C09",
    )


def wrote_nothing(result: Value, traced: Callable[[], Sequence[Place]] = tuple) -> None:
    """A call wrote to no attribute, global, default argument or closure.

    `traced` gives what was written while the same function was traced.
    """
    if not result.wrote:
        return
    paths = ", ".join(f"`{p.path}`" if p.scope == "self" else p.path for p in result.wrote[:3])
    why, misconception = reason(result.wrote, traced)
    raise Failure(f"`{result.text}` wrote to {paths}.", why, INSTEAD, misconception)


def reason(wrote: Sequence[Place], traced: Callable[[], Sequence[Place]] = tuple) -> tuple[str, str]:
    """Why writing to these places goes wrong, and the misconception: by what stands there, then by whose place it is."""
    for place in wrote:
        if place.kind in KIND_OF_WRITING:
            return KIND_OF_WRITING[place.kind]
    scopes = {place.scope for place in wrote}
    if "default" in scopes:
        return (
            "A default argument is made once, when the function is defined, and lives as long as it does. " + ONCE,
            "C15",
        )
    if any(place.grew for place in wrote):
        why = "Under jit something is appended only once, while it traces; what comes from the arguments is a tracer then, no value."
        return why, "C05"
    if "self" not in scopes:
        return "Being no method makes no function pure: a global or a closure is written to. " + ONCE, "C25"
    held = [place.kind for place in (*wrote, *traced()) if place.scope == "self"]
    if "array" in held or "tracer" in held:
        return "Under jit a tracer stays behind on `self`, and whoever looks at it later gets an error.", "C06"
    return ONCE, "C01"


def jit_takes(state: Value, name: str) -> None:
    """Every leaf of a state is an array or a number."""
    for path, leaf in zip(state.paths, state.leaves, strict=True):
        if hasattr(leaf, "dtype"):
            continue
        kind, at = getattr(leaf, "kind", "str"), f"at `{path}`" if path else "where a number is wanted"
        why, hint, misconception = (
            "jit accepts arrays and numbers, in tuples, lists, dicts, NamedTuples and flax.struct dataclasses.",
            "Use one of these for the state.",
            "C18",
        )
        if kind == "str":
            hint, misconception = "Keep names and other texts out of the state.", "C19"
        elif getattr(leaf, "iterator", False):
            why, misconception = KIND_OF_WRITING["iterator"]
            hint = "Let the state be the number itself."
        elif kind == "Ref":
            (why, misconception), hint = (
                KIND_OF_WRITING["ref"],
                "Return a new number instead of writing into the old place.",
            )
        raise Failure(f"{name} holds a {kind} {at}, which jit cannot take.", why, hint, misconception)


def same_form(states: list[Value], name: str) -> None:
    """Tree structure, shapes and dtypes stay the same from step to step, and jit can take every leaf.

    The first step may turn Python numbers, and what JAX made of one, into arrays of any shape and dtype.
    """
    for state in states:
        jit_takes(state, name)
    same_tree(states, name)
    for step, (before, after) in enumerate(zip(states, states[1:], strict=False)):
        for path, a, b, weak in zip(before.paths, before.leaves, after.leaves, before.weak, strict=True):
            free = weak and step == 0
            if not free:
                _same_leaf(path, a, b, step, name)


def same_tree(states: list[Value], name: str) -> None:
    """The tree structure stays the same from step to step."""
    changed = [a.tree != b.tree for a, b in zip(states, states[1:], strict=False)]
    if not any(changed):
        return
    same_paths = all(state.paths == states[0].paths for state in states)
    if same_paths and all(changed):
        raise Failure(
            f"{name} changed its form at every step, though not in its arrays: something in it is static.",
            "A static field is part of what jit compiles for, so a number that is kept there is compiled again at every step.",
            "Let the field be an ordinary one, which jit takes as an argument.",
            "C22",
        )
    numbers = sorted({len(state.leaves) for state in states})
    raise Failure(
        f"{name} changed its form between two steps"
        + (
            f": it holds {numbers[0]} numbers or arrays at first, and {numbers[-1]} later." if len(numbers) > 1 else "."
        ),
        "jit compiles for one tree structure, and lax.scan refuses a carry that changes its own.",
        "Return a state built exactly like the one that came in, with as many parts and the same keys.",
        "T05",
    )


def _same_leaf(path: str, before: np.ndarray, after: np.ndarray, step: int, name: str) -> None:
    at = f" at `{path}`" if path else ""
    require(
        before.shape == after.shape,
        f"{name}{at} had shape {before.shape} and then {after.shape}.",
        "jit compiles for fixed shapes, and lax.scan refuses a carry whose shape changes.",
        "Start with an array of the right shape.",
        "T01",
    )
    require(
        _narrow(before.dtype) == _narrow(after.dtype),
        f"{name}{at} had dtype {before.dtype} and then {after.dtype}.",
        "jit compiles for fixed dtypes, and lax.scan refuses a carry whose dtype changes.",
        "Keep counts as integers and sums as floats.",
        "F03" if step else "T01",
    )


def _narrow(dtype: np.dtype) -> str:
    """The dtype as JAX takes it, with 32 bits where NumPy has 64."""
    return str(dtype).replace("64", "32")
