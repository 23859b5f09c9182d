"""The handle through which a check reaches a submission: call its functions, trace them, look at what comes back.

One handle for both places: `ask` answers in this process (a learner's own kernel) or sends the request to a confined
process (grading); `evaluate` likewise. Nothing of a learner's is imported, unpickled or evaluated here.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from autograders.checks.failure import Failure, GraderError
from autograders.judge.arguments import Fixed, Like, form_of, leaves_of, spelled, to_wire
from autograders.judge.arrays import decode, encode, shape
from autograders.judge.explaining import explain
from autograders.judge.values import Value
from autograders.learner import messages
from autograders.learner.messages import Array, Described, Evaluate, Evaluated, Missing, Raised, Scalar, Target


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
        text = f"{self.text}({spelled(args, kwargs)})"
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
        traced = self._asked(request, f"{self.text}({spelled(args, {})})")
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
        return self.function(Target(name), name)

    def function(self, target: Target, text: str) -> Function:
        """What this means, to be called or traced; `text` is its name in messages."""
        return Function(self, target, text)

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
        return self.function(Target(name, method=attribute), f"{name}.{attribute}")

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
