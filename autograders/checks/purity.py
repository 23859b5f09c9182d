"""Is a step pure: does the old state give the old answer, is nothing changed in place, is nothing written elsewhere?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograders.checks.failure import Failure, require

if TYPE_CHECKING:
    from autograders.judge.handle import Value


def state_unchanged(result: Value, name: str) -> None:
    """A call did not change its arguments in place."""
    if result.changed:
        raise Failure(
            f"`{result.text}` changed the {name} that it was given, in place.",
            "Whoever kept the old state now finds the new one there. jit hides this, because it rebuilds containers.",
            "Build a new container, such as `{**state, ...}` or `state.replace(...)`, and use `x = x + 1` for arrays.",
            "C10",
        )


def wrote_nothing(result: Value) -> None:
    """A call wrote to no attribute, global, default argument or closure."""
    if result.wrote:
        places = ", ".join(f"`{place}`" for place in result.wrote[:3])
        raise Failure(
            f"`{result.text}` wrote to {places}.",
            "What a call leaves behind outside its results, jit does only once, while it traces.",
            "Take what you need as an argument, and return what changed.",
            "C01" if any(place.startswith("self") for place in result.wrote) else "C25",
        )


def same_form(states: list[Value], name: str) -> None:
    """Tree structure, shapes and dtypes stay the same from step to step, and jit can take every leaf.

    The first step may turn Python numbers into arrays, so dtypes are compared from the second state on.
    """
    for state in states:
        for path, leaf in zip(state.paths, state.leaves, strict=True):
            require(
                hasattr(leaf, "dtype"),
                f"{name} holds a {getattr(leaf, 'kind', 'str')} at `{path or 'its top'}`, which jit cannot take.",
                "jit accepts arrays and numbers, in tuples, lists, dicts, NamedTuples and flax.struct dataclasses.",
                "Keep names and other objects out of the state.",
                "C19" if getattr(leaf, "kind", "") == "str" else "C18",
            )
    for before, after in zip(states, states[1:], strict=False):
        shapes = [leaf.shape for leaf in before.leaves], [leaf.shape for leaf in after.leaves]
        require(
            before.tree == after.tree and shapes[0] == shapes[1],
            f"{name} changed its form between two steps.",
            "jit compiles for one tree structure and one set of shapes. A state that changes either, or that keeps "
            "its number in a static field, is compiled again at every step.",
            "Return a state built exactly like the one that came in, with arrays for what changes.",
            "C22",
        )
    for before, after in zip(states[1:], states[2:], strict=False):
        require(
            [leaf.dtype for leaf in before.leaves] == [leaf.dtype for leaf in after.leaves],
            f"{name} changed a dtype between two steps.",
            "jit compiles for fixed dtypes, and lax.scan refuses a carry whose dtype changes.",
            "Keep counts as integers and sums as floats.",
            "T01",
        )
