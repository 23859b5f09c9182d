"""What became of a nested dict of parameters: which leaves it has now, and what was done to the one that was given."""

import numpy as np

from autograders.checks import Failure, require
from autograders.judge.handle import Program
from autograders.judge.values import Value


def by_path(value: Value) -> dict[str, np.ndarray]:
    """The leaves of a returned dict by key path: `dense/kernel`; a key with a slash of its own keeps its quotes."""
    return {in_words(path): leaf for path, leaf in zip(value.paths, value.leaves, strict=True)}


def in_words(path: str) -> str:
    keys = path.strip("[]'").split("']['")
    return "/".join(repr(key) if "/" in key else key for key in keys)


def same_tree(value: Value, want: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    """The leaves of the result by key path: one of the right shape at every place of the given dict, and no others."""
    why = "A function on a pytree changes leaves and keeps the tree: whoever uses the result finds each at its place."
    hint = "Let `jax.tree.map`, or `tree_map_with_path`, build the result."
    got = by_path(value)
    if different := sorted(set(got) ^ set(want)):
        places = ", ".join(f"`{place}`" for place in different[:3])
        said = f"another, which differs from it at {places}" if value.kind == "dict" else f"a {value.kind}"
        raise Failure(f"`{name}` was given a dict and returned {said}.", why, hint, "T05")
    for path, leaf in want.items():
        shape = getattr(got[path], "shape", None)
        require(shape == leaf.shape, f"`{name}` turned `{path}` of shape {leaf.shape} into shape {shape}.", why, hint)
    return got


def plain_dict(value: Value, name: str) -> None:
    """A dict came back where a dict was given: to JAX another kind of container is another tree."""
    said = f"`{name}` was given a dict and returned a {value.kind}."
    why = "To JAX a tree is also what kind its containers are: two trees of two kinds cannot be added or compared."
    require(value.kind == "dict", said, why, "Return the same kind of container that came in.", "T05")


def same_as_before(program: Program, name: str) -> Failure:
    """Nothing happened to any leaf; what was computed all the same, and dropped, tells why."""
    said = f"`{name}` returned a tree in which nothing has changed."
    if "scatter" in program.unused:
        why = "`x.at[...].set(v)` changes nothing: it returns a new array, which nobody uses here."
        return Failure(said, why, "Put the new array into a new tree.", "C13")
    if program.dropped & {"map", "tree_map"}:
        why = "`jax.tree.map` changes no leaf: it returns a new tree, which nobody uses here."
        return Failure(said, why, "Return the tree that it gives.", "C13")
    if program.unused:
        why = (
            "New arrays are computed and nobody uses them: `leaf = ...` in a loop gives a name another array, no more."
        )
        return Failure(said, why, "Build a new tree of the new arrays, and return that.", "C11")
    return Failure(said, "No new array is made on the way.", "Print what your function sees for each leaf.")


def remembers(result: Value, said: str) -> Failure:
    """A call wrote to a place that the next call finds."""
    place = result.wrote[0]
    why = f"It wrote to {place.path}, which is still there in the next call."
    if place.scope == "default":
        why = f"It wrote to {place.path}, which is made once, when the function is defined, and not anew for each call."
    hint = "Make what you need inside the function, and return what is to be kept."
    return Failure(said, why, hint, "C15" if place.scope == "default" else "C25")


def unchanged(result: Value, host: bool) -> None:
    """The dict that was given is as before. `host` tells that its leaves came from NumPy, and those from JAX were kept."""
    if not result.changed:
        return
    said = f"`{result.text}` changed the dict that it was given, in place."
    hint = "Build a new dict, inner ones included, and new arrays."
    if host:
        said = f"`{result.text}` changed a NumPy array in the dict that it was given, in place."
        why = "`leaf *= 2` makes a new array of one from JAX, but writes into one from NumPy."
        raise Failure(said, why, "Write `leaf = leaf * 2`: that makes a new array of either kind.", "C12")
    if result.same_object:
        why = "Whoever kept the old parameters now finds the new ones there: it is the same dict that comes back."
        raise Failure(said, why, hint, "C10")
    why = "What comes back looks new, but the dict that was given, or one inside it, was written to."
    raise Failure(said, why, hint, "C09")
