"""Which calls in a learner's functions have results that nobody takes: `state.replace(n=1)` on a line of its own.

Read from the bytecode: nothing is run, and no source is needed.
"""

import dis
import functools
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

from autograders.learner.circumstances import is_own
from autograders.learner.values import storable

MAX_NAMES = 20


def names(function: Callable, namespace: dict[str, Any]) -> tuple[str, ...]:
    """The last names of what is called so, in the function itself and in those of the namespace that it names."""
    found: dict[str, None] = {}
    for code in _codes(function, namespace, set()):
        found |= dict.fromkeys(_in(code))
    return tuple(map(storable, found))[:MAX_NAMES]


def _codes(function: Any, namespace: dict[str, Any], seen: set[types.CodeType]) -> Iterator[types.CodeType]:
    waiting = [_code(function)]
    while waiting:
        code = waiting.pop()
        if code is None or code in seen or not is_own(code.co_filename):
            continue
        seen.add(code)
        yield code
        waiting += [part for part in code.co_consts if isinstance(part, types.CodeType)]
        waiting += [_code(namespace[name]) for name in code.co_names if name in namespace]


def _code(function: Any) -> types.CodeType | None:
    """The code of a function as it was written, under jit, partial and other wrappers."""
    while isinstance(function, functools.partial):
        function = function.func
    try:
        return getattr(inspect.unwrap(function), "__code__", None)
    except Exception:  # a learner's own object may refuse to be looked at
        return None


def _in(code: types.CodeType) -> Iterator[str]:
    steps = list(dis.get_instructions(code))
    for i, (call, after) in enumerate(zip(steps, steps[1:], strict=False)):
        if after.opname == "POP_TOP" and call.opname.startswith("CALL"):
            yield from _callee(steps[:i], call)


def _callee(before: list[dis.Instruction], call: dis.Instruction) -> list[str]:
    """The name that was called: of what begins where the call begins in the text, the longest."""
    starts = [s for s in before if s.opname.startswith("LOAD") and s.positions[::2] == call.positions[::2]]
    last = max(starts, key=lambda s: s.positions[1::2], default=None)
    return [last.argval] if last and isinstance(last.argval, str) else []
