"""The handle through which a check reaches a submission: call its functions, trace them, look at what comes back.

One handle for both places: `ask` answers in this process (a learner's own kernel) or sends the request to a confined
process (grading); `evaluate` likewise. Nothing of a learner's is imported, unpickled or evaluated here.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from autograders.checks.failure import Failure, GraderError
from autograders.judge.arrays import decode, encode, is_number, leaf_from_wire, shape
from autograders.judge.explaining import explain
from autograders.learner import messages
from autograders.learner.messages import (
    Array,
    Described,
    Evaluate,
    Evaluated,
    Missing,
    Raised,
    Ref,
    Scalar,
    Target,
)


@dataclasses.dataclass(frozen=True)
class Key:
    """The typed key `jax.random.key(seed)`."""

    seed: int


@dataclasses.dataclass(frozen=True)
class Host:
    """A NumPy array that stays one on the learner's side."""

    array: np.ndarray


@dataclasses.dataclass(frozen=True)
class Fixed:
    """An object of the learner's that a program is traced around: a constant of it, not an input."""

    value: "Value"


@dataclasses.dataclass(frozen=True)
class Like:
    """An object built like one of the learner's, with these leaves."""

    value: "Value"
    leaves: Sequence[np.ndarray]


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
        return Function(self.submission, Target(ref=self.ref, method=name), f"{self.text}.{name}")

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


class Function:
    """Something of the learner's that can be called or traced."""

    def __init__(self, submission: "Submission", target: Target, text: str):
        self.submission, self.target, self.text = submission, target, text

    def __call__(
        self,
        *args: Any,
        watch: bool = False,
        record: str = "",
        transform: str = "",
        compiled: str = "",
        **kwargs: Any,
    ) -> Value:
        """Call on fresh copies of the arguments; raises Failure for what the learner's code raises."""
        request = messages.Call(
            self.target,
            tuple(to_wire(a) for a in args),
            {key: to_wire(a) for key, a in kwargs.items()},
            watch,
            record,
            transform,
            compiled,
            self.submission.request_s,
        )
        text = f"{self.text}({_arguments(args, kwargs)})"
        reply = self._asked(request, text)
        return Value(reply.value, self.submission, text, reply)

    def program(self, *args: Any, transform: str = "", again: bool = False, watch: bool = False) -> "Program":
        """The program that JAX traces from it for arguments like these; Python numbers among them stay fixed.

        `again` traces anew even what JAX has traced before; `watch` notes what tracing writes.
        """
        key = (self.target, transform, form_of(args))
        known = self.submission.programs.get(key)
        if known and not again and not watch:
            return known
        wires = tuple(to_wire(a) for a in args)
        request = messages.Trace(self.target, wires, transform, again, watch, self.submission.request_s)
        traced = self._asked(request, f"{self.text}({_arguments(args, {})})")
        fixed = [isinstance(w, Scalar) or getattr(w, "fixed", False) for w in wires]
        made = Program(self, traced, args, fixed, transform)
        if not any(isinstance(a, Fixed) for a in args):
            self.submission.programs[key] = made
        return made

    def _asked(self, request: messages.Request, text: str) -> Any:
        reply = self.submission.ask(request)
        if isinstance(reply, Missing):
            raise missing(reply)
        if isinstance(reply, Raised) and reply.ours:
            raise GraderError(f"{reply.types[0]}: {reply.message}")
        if isinstance(reply, Raised):
            failure = explain(text, reply)
            failure.compiled = reply.compiled
            raise failure
        if not isinstance(reply, messages.Traced if isinstance(request, messages.Trace) else messages.Returned):
            raise GraderError(f"a {type(reply).__name__} in reply to a {type(request).__name__}")
        return reply


class Program:
    """A traced function: called here, it runs on the evaluator, on inputs that the learner's process never saw.

    A program with a host callback cannot leave its process; then the function itself is called there instead.
    """

    def __init__(
        self, function: Function, traced: messages.Traced, args: tuple, fixed: Sequence[bool], transform: str = ""
    ):
        self.function, self.traced, self.fixed, self.transform = function, traced, fixed, transform
        self.args = args
        self.callbacks, self.equations, self.outside_jit = traced.callbacks, traced.equations, traced.outside_jit
        self.operations, self.unused, self.wrote = traced.operations, traced.unused, traced.wrote
        self.dropped = set(traced.dropped)
        self.result = Value(traced.outputs, text=function.text)

    def __call__(self, *args: Any) -> Value:
        """The result for these arguments; their leaves must have the shapes that the program was traced for."""
        if not self.traced.program:
            pairs = zip(args, self.args, strict=True)
            whole = [Like(b, a) if isinstance(b, Value) and isinstance(a, list) else a for a, b in pairs]
            return self.function(*whole, transform=self.transform)
        evaluated = self._evaluate(args, 1, ())
        if len(evaluated.outputs) != len(self.result.leaves):
            raise Failure(f"the program of `{self.function.text}` gives another number of results than was said.")
        return self._value(evaluated.outputs)

    def thread(self, steps: int, *args: Any, state_in: int, state_out: int) -> list[list[np.ndarray]]:
        """Run `steps` times, handing part `state_out` of the result to argument `state_in`; the other outputs of each step."""
        if not self.traced.program:
            raise GraderError("a program with host callbacks cannot be threaded")
        first_out = sum(len(item.leaves) for item in self.result.items[:state_out])
        moving = [leaves_of(a) for a, keep in zip(args, self.fixed, strict=True) if not keep]
        first_in = sum(len(leaves) for leaves in moving[:state_in])
        width = len(self.result.items[state_out].leaves)
        evaluated = self._evaluate(args, steps, tuple((first_out + i, first_in + i) for i in range(width)))
        return [[decode(a) for a in step] for step in evaluated.history]

    def _evaluate(self, args: tuple, steps: int, feedback: tuple) -> Evaluated:
        leaves = [leaf for a, keep in zip(args, self.fixed, strict=True) if not keep for leaf in leaves_of(a)]
        specs = self.traced.inputs
        if len(leaves) != len(specs) or any(np.shape(x) != shape(s) for x, s in zip(leaves, specs, strict=True)):
            raise Failure(
                f"the state of `{self.function.text}` changed its form between two steps.",
                "A state must keep its tree structure, shapes and dtypes, or jit has to compile again for every step.",
                "Return a state built like the one that came in.",
            )
        inputs = tuple(encode(x, s.dtype) for x, s in zip(leaves, specs, strict=True))
        reply = self.function.submission.evaluate(Evaluate(self.traced.program, inputs, steps, feedback))
        if isinstance(reply, str):
            raise Failure(f"the program of `{self.function.text}` could not be run: {reply}")
        return reply

    def _value(self, outputs: Sequence[Array]) -> Value:
        """The outputs in the form of the traced result."""
        given = iter(outputs)

        def filled(described: Described) -> Described:
            if described.items:
                return replace(described, items=tuple(filled(item) for item in described.items))
            return replace(described, leaves=tuple(next(given) for _ in described.leaves))

        return Value(filled(self.traced.outputs), text=self.function.text)


class Undefined(Failure):
    """A name that the submission does not define."""


class Submission:
    """A submission's functions by name."""

    def __init__(self, ask: Callable, evaluate: Callable, request_s: float = 60.0):
        self._ask, self.evaluate, self.request_s = ask, evaluate, request_s
        self.programs: dict[Any, Program] = {}
        self.results: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Function:
        """The function or class that the learner defined under this name."""
        if name.startswith("_"):
            raise AttributeError(name)
        return Function(self, Target(name), name)

    def ask(self, request: messages.Request) -> messages.Reply:
        """The reply; where there is none the process has ended, and what it held for us is gone with it."""
        try:
            return self._ask(request)
        except Exception:
            self.programs.clear()
            self.results.clear()
            raise

    def attribute(self, name: str, attribute: str) -> Function:
        """An attribute of what the learner defined under this name, such as a method of a class, to be called."""
        return Function(self, Target(name, method=attribute), f"{name}.{attribute}")

    def once(self, name: str, work: Callable[[], Any]) -> Any:
        """What `work` gives, done once for all checks that look at it."""
        if name not in self.results:
            self.results[name] = work()
        return self.results[name]

    def value(self, name: str) -> Value:
        """The object that a name stands for."""
        return self.lookup(Target(name), name)

    def lookup(self, target: Target, text: str) -> Value:
        """The object that a name or an attribute stands for."""
        reply = self.ask(messages.Lookup(target))
        if isinstance(reply, Missing):
            raise missing(reply)
        if isinstance(reply, Raised):
            raise explain(text, reply)
        return Value(reply.value, self, text, reply)


def missing(reply: Missing) -> Failure:
    """No such name: a stub that was removed or renamed, or a cell that stopped with an error before it."""
    name, said = reply.name, f"`{reply.name}` is not defined"
    if reply.stopped:
        stopped = explain(name, reply.stopped)
        what = f"{said}: its cell{stopped.what.removeprefix(f'`{name}`')}"
        return Undefined(what, stopped.why, stopped.hint, stopped.misconception)
    return Undefined(
        f"{said}.",
        "The cell that should define it is missing or was renamed, or it stopped with an error.",
        f"Define `{name}` under exactly this name, run its cell, and look for an error there.",
    )


def to_wire(x: Any) -> messages.Wire:
    """An argument as a message."""
    match x:
        case Value():
            return Ref(x.ref)
        case Fixed(value):
            return Ref(value.ref, fixed=True)
        case Like(value, leaves):
            return messages.Like(value.ref, tuple(to_wire(leaf) for leaf in leaves))
        case Key(seed):
            return Array("key<fry>", (), np.array([seed >> 32, seed & 0xFFFFFFFF], np.uint32).tobytes())
        case Host(array):
            return Array(str(array.dtype), array.shape, array.tobytes(), host=True)
        case bool() | int() | float():
            return Scalar(x)
        case dict():
            return messages.Mapping({key: to_wire(part) for key, part in x.items()})
        case tuple() | list():
            return messages.Sequence(tuple(to_wire(part) for part in x))
        case np.ndarray() | np.generic():
            return Array(str(x.dtype), x.shape, x.tobytes())
    raise GraderError(f"no message for a {type(x).__name__}")


def leaves_of(x: Any) -> list[np.ndarray]:
    """The leaves of an argument in JAX's order: dict keys sorted, tuples in order."""
    match x:
        case Value():
            return x.leaves
        case Key(seed):
            return [np.array([seed >> 32, seed & 0xFFFFFFFF], np.uint32)]
        case dict():
            return [leaf for key in sorted(x) for leaf in leaves_of(x[key])]
        case tuple() | list():
            return [leaf for part in x for leaf in leaves_of(part)]
    return [np.asarray(x)]


def form_of(x: Any) -> Any:
    """What a trace depends on in an argument: tree, shapes and dtypes of arrays, values of Python numbers."""
    match x:
        case Value():
            leaves = ((str(leaf.dtype), leaf.shape) if hasattr(leaf, "dtype") else leaf for leaf in x.leaves)
            return ("state", x.tree, tuple(x.paths), tuple(leaves), tuple(x.weak))
        case Fixed(value):
            return ("fixed", value.ref)
        case Key():
            return "key"
        case Host(array):
            return ("host", str(array.dtype), array.shape)
        case dict():
            return tuple((name, form_of(part)) for name, part in sorted(x.items()))
        case tuple() | list():
            return tuple(form_of(part) for part in x)
        case np.ndarray() | np.generic():
            return (str(x.dtype), x.shape)
    return (type(x).__name__, x)


def _arguments(args: tuple, kwargs: dict) -> str:
    """How a call reads in a message: names and shapes, never values of arrays."""
    return ", ".join([_argument(a) for a in args] + [f"{key}={_argument(a)}" for key, a in kwargs.items()])


def _argument(x: Any) -> str:
    match x:
        case Value():
            return "params" if x.text.split("(")[0].endswith(("params", ".init")) else "state"
        case Fixed(value) | Like(value):
            return _argument(value)
        case Key():
            return "key"
        case int():
            return "n"
        case tuple():
            return "..."
        case dict():
            return "batch" if "label" in x else "params"
    return "x"
