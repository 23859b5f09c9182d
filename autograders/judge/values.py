"""What comes back from a submission, as data that a check can look at."""

from typing import TYPE_CHECKING

import numpy as np

from autograders.checks.failure import Failure
from autograders.judge.arrays import is_number, leaf_from_wire
from autograders.learner import messages
from autograders.learner.messages import Described, Scalar, Target

if TYPE_CHECKING:
    from autograders.judge.handle import Function, Submission


class Value:
    """An object of the learner's as data: leaves of its pytree in order, their key paths, its parts if it is a tuple.

    `ref` names it for further calls. On the result of a call, `changed`, `wrote`, `printed`, `traces`, `same_object` and
    `records` tell what was observed meanwhile.
    """

    def __init__(
        self,
        described: Described,
        submission: "Submission | None" = None,
        text: str = "",
        seen: messages.Returned | None = None,
    ):
        self.described, self.submission, self.text = described, submission, text
        self.kind, self.tree, self.ref = described.kind, described.tree, described.ref
        self.items = [Value(item, submission, f"{text}[{i}]") for i, item in enumerate(described.items)]
        self.paths = [path for item in self.items for path in item.paths] or list(described.paths)
        self.weak = [weak for item in self.items for weak in item.weak] or [
            isinstance(leaf, Scalar) or getattr(leaf, "weak", False) for leaf in described.leaves
        ]
        self.leaves = [leaf for item in self.items for leaf in item.leaves] or [
            leaf_from_wire(leaf) for leaf in described.leaves
        ]
        self.changed = seen.changed if seen else ()
        self.wrote = seen.wrote if seen else ()
        self.printed = seen.printed if seen else ""
        self.traces = seen.traces if seen else 0
        self.same_object = bool(seen and seen.same_object)
        self.records = [Value(record, submission) for record in seen.records] if seen else []

    def unpack(self, names: str) -> list["Value"]:
        """The parts of a result that must be a tuple of these comma-separated names."""
        wanted = names.split(", ")
        if len(self.items) == len(wanted):
            return self.items
        got = f"{len(self.items)} values" if self.items else self.describe()
        raise Failure(
            f"`{self.text}` must return ({names}), but returned {got}.",
            "A function that keeps no state must hand it back beside its result, or the next call cannot continue.",
            f"End the function with `return {names}`.",
            "C07",
        )

    def number(self, name: str = "") -> float | int:
        """The single number this is, whichever type carries it."""
        name = name or f"`{self.text}`"
        if len(self.leaves) != 1 or not is_number(self.leaves[0]) or self.leaves[0].size != 1:
            why, hint = (
                "The contract names a single value here.",
                "Reduce an array to one number, for example by its mean.",
            )
            raise Failure(f"{name} must be one number, but is {self.describe()}.", why, hint, "G01")
        return self.leaves[0].reshape(()).item()

    def array(self, name: str = "") -> np.ndarray:
        """The single array this is; a list or tuple of numbers counts as one."""
        name = name or f"`{self.text}`"
        if self.described.callable:
            why, hint = (
                "Making a layer gives something to call; numbers come when it is called.",
                "Write `nn.Dense(size)(x)`.",
            )
            raise Failure(f"{name} must be an array, but is {self.describe()}.", why, hint, "L13")
        if not self.leaves or not all(is_number(leaf) for leaf in self.leaves):
            raise Failure(f"{name} must be an array, but is {self.describe()}.", "The contract names an array here.")
        if len(self.leaves) == 1 and self.kind not in ("list", "tuple"):
            return self.leaves[0]
        if len({leaf.shape for leaf in self.leaves}) > 1:
            raise Failure(
                f"{name} must be one array, but its parts differ in shape.", "The contract names an array here."
            )
        return np.stack(self.leaves)

    def attribute(self, name: str) -> "Value":
        """An attribute of this object, as data."""
        return self.submission.lookup(Target(ref=self.ref, method=name), f"{self.text}.{name}")

    def method(self, name: str) -> "Function":
        """An attribute of this object, to be called."""
        return self.submission.function(Target(ref=self.ref, method=name), f"{self.text}.{name}")

    def describe(self) -> str:
        """In a few words, for messages: kind, and shape and dtype of what is in it."""
        if self.kind == "NoneType":
            return "None"
        if not self.items and len(self.leaves) == 1 and is_number(self.leaves[0]):
            leaf = self.leaves[0]
            if self.kind in ("int", "float", "bool"):
                return f"the {self.kind} {leaf.item():.6g}" if self.kind != "bool" else f"the bool {leaf.item()}"
            return f"an array of shape {leaf.shape} and dtype {leaf.dtype}"
        if self.described.callable:
            return f"a {self.kind}, something to call"
        return f"a {self.kind}" + (f" with {len(self.leaves)} leaves" if self.leaves else "")
