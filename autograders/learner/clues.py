"""What can be seen where an exception arose: the step that Python was at, the loop JAX was in and what its body gives.

Facts in fixed words, so that a judge can tell mistakes apart without reading any error text. A loop's body is traced once
more, outside of everything; nothing of it runs on numbers.
"""

import dis
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

import jax

from autograders.learner import observing
from autograders.learner.circumstances import is_jax, is_own
from autograders.learner.places import is_jitted

SIZES = ("shape", "length", "start", "stop", "num", "N", "sizes")  # parameters that jit must know beforehand


def found(error: BaseException, trace: Any) -> tuple[str, ...]:
    """All clues to an exception, in fixed words; none where looking for them fails."""
    links = list(_links(trace))
    own = max((i for i, link in enumerate(links) if is_own(link.tb_frame.f_code.co_filename)), default=-1)
    try:
        with observing.printed_text():
            step = _step(error, links[own], _name(links[own + 1 :])) if own >= 0 else ""
            return tuple(filter(None, [*_of_jax(error, [link.tb_frame for link in links], own), step]))
    except Exception:  # a learner's own object may refuse to be looked at
        return ()


def _links(trace: Any) -> Iterator[types.TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _name(links: list[types.TracebackType]) -> str:
    return links[0].tb_frame.f_code.co_name if links else ""


def _step(error: BaseException, link: types.TracebackType, inner: str) -> str:
    """What the learner's innermost line was about to do; `inner` is the function of a library that it was in."""
    steps = list(dis.get_instructions(link.tb_frame.f_code))
    here = max(i for i, step in enumerate(steps) if step.offset <= link.tb_lasti)
    name, kinds = steps[here].opname, [c.__name__ for c in type(error).__mro__]
    if "TracerBoolConversionError" in kinds:
        return _decision(steps, here)
    if name == "STORE_SUBSCR" and isinstance(error, TypeError) and inner:
        return "sets an element"
    if name == "STORE_ATTR" and isinstance(error, AttributeError) and not inner:
        return "sets an attribute"
    if inner in ("__float__", "__int__", "__index__", "item") and type(error) in (TypeError, ValueError):
        return "converts an array"
    if name.startswith("UNPACK") and isinstance(error, TypeError):
        return "unpacks"
    return ""


def _decision(steps: list[dis.Instruction], here: int) -> str:
    """What a truth value was wanted for: a loop, an assertion, a value such as `a or b`, or inside a function such as max."""
    kept = here and steps[here - 1].opname == "COPY" and not _compares(steps[here])
    here += steps[here].opname == "TO_BOOL" or _compares(steps[here])
    step, after = steps[here], steps[here + 1]
    if "JUMP" not in step.opname and step.opname != "UNARY_NOT":
        return "decides in a call"
    if "OR_POP" in step.opname or kept:
        return "decides on a value"
    if "Assertion" in after.argrepr or "ASSERTION" in after.opname:
        return "asserts"
    back = any(s.argval == after.offset and s.offset > step.offset and "JUMP" in s.opname for s in steps)
    return "decides on another round" if back else ""


def _compares(step: dis.Instruction) -> bool:
    """Whether it compares and asks for a truth value in one; from Python 3.13 on, which elsewhere does so before it jumps."""
    return step.opname == "COMPARE_OP" and step.argrepr.startswith("bool")


def _of_jax(error: BaseException, frames: list[Any], own: int) -> Iterator[str]:
    inside = [f for f in frames[own + 1 :] if is_jax(f)]
    if any(_is_traced(f.f_locals.get(name)) for f in inside for name in SIZES):
        yield "size is traced"
    if isinstance(error, ValueError):
        yield from _of_arguments(inside)
        yield from [_of_hashing(frames)] if _calls_jitted(frames[-1]) else []
    if isinstance(error, (TypeError, ValueError)):
        yield from _of_loops(frames)
    if own < 0 and any(_holds_tracer(f.f_locals.get("owner")) for f in frames):
        yield "self holds a tracer"
    if "UnexpectedTracerError" in [c.__name__ for c in type(error).__mro__]:
        yield from _of_leaks([f for f in frames if is_own(f.f_code.co_filename)])


def _is_traced(x: Any) -> bool:
    return any(isinstance(part, jax.core.Tracer) for part in (x if isinstance(x, (tuple, list)) else [x]))


def _of_arguments(inside: list[Any]) -> Iterator[str]:
    """Whether vmap was handed a number to walk along, or a debug print a text that has no room for its values."""
    for frame in inside:
        name, held = frame.f_code.co_name, frame.f_locals
        if name == "debug_print":
            yield "prints"
        elif name == "vmap_f":
            leaves = jax.tree.leaves((held.get("args"), held.get("kwargs")))
            yield "maps a number" if any(jax.numpy.ndim(leaf) == 0 for leaf in leaves) else "maps arrays"


def _calls_jitted(frame: Any) -> bool:
    """Whether a frame of the learner's, or ours that calls a function of theirs, has a compiled function to call.

    jit looks up static arguments in compiled code: no frame of its own shows.
    """
    code, held = frame.f_code, frame.f_locals
    if not is_own(code.co_filename):
        return is_jitted(held.get("function"))
    known = [*held.values(), *(frame.f_globals.get(name) for name in code.co_names)]
    known += [getattr(held.get("self"), name, None) for name in code.co_names if name in dir(held.get("self"))]
    return any(map(is_jitted, known))


def _of_hashing(frames: list[Any]) -> str:
    """A static argument has no value where a trace is going on; elsewhere it was of a kind that has no hash."""
    return "hashes a tracer" if any(map(is_jax, frames)) else "hashes a container"


def _holds_tracer(x: Any) -> bool:
    return any(isinstance(part, jax.core.Tracer) for part in getattr(x, "__dict__", {}).values())


def _of_leaks(own: list[Any]) -> Iterator[str]:
    """Whether a tracer was gathered in a container of the learner's innermost function."""
    for x in own[-1].f_locals.values() if own else ():
        if isinstance(x, (list, dict, set)) and any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(x)):
            yield "gathered tracers"
            return


def _of_loops(frames: list[Any]) -> Iterator[str]:
    """What is wrong with the body of the innermost loop or branch that the learner's own code called."""
    triples = zip(frames, frames[1:], frames[2:], strict=False)
    calls = [
        (entered.f_code.co_name, wrapper.f_locals)
        for own, wrapper, entered in triples
        if is_own(own.f_code.co_filename) and is_jax(entered) and entered.f_code.co_name in JUDGES
    ]
    for name, held in calls[-1:]:
        arguments = inspect.signature(getattr(jax.lax, name)).bind(*held["args"], **held["kwargs"]).arguments
        clue = JUDGES[name](arguments)
        yield from [clue] if clue else []


def _shape_of(f: Callable, *args: Any) -> Any:
    """What f would give, as shapes and dtypes, or None where it raises."""
    try:
        return jax.eval_shape(f, *args)
    except Exception:
        return None


def _of_scan(held: dict) -> str:
    body, carry, xs = held.get("f"), held.get("init"), held.get("xs")
    first = jax.tree.map(lambda x: jax.eval_shape(lambda a: a[0], x), xs) if jax.tree.leaves(xs) else xs
    first = jax.tree.map(lambda x: jax.numpy.zeros(x.shape, x.dtype), first)
    result = _shape_of(body, carry, first)
    if result is None:
        swapped = _shape_of(body, first, carry)
        return "" if swapped is None else "takes x before the carry"
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        return "returns no pair"
    if jax.tree.structure(result[0]) != jax.tree.structure(carry) == jax.tree.structure(result[1]):
        return "returns output and carry"
    return _misfit(carry, result[0])


def _of_fori_loop(held: dict) -> str:
    body, carry = held.get("body_fun"), held.get("init_val")
    result, swapped = _shape_of(body, 0, carry), _shape_of(body, carry, 0)
    fits = swapped is not None and jax.tree.structure(swapped) == jax.tree.structure(carry)
    if fits and (result is None or jax.tree.structure(result) != jax.tree.structure(carry)):
        return "takes the carry before the index"
    return "" if result is None else _misfit(carry, result)


def _of_while_loop(held: dict) -> str:
    carry = held.get("init_val")
    result = _shape_of(held.get("body_fun"), carry)
    return "" if result is None else _misfit(carry, result)


def _of_cond(held: dict) -> str:
    operands = held.get("operands", ())
    one, other = (_shape_of(held.get(name), *operands) for name in ("true_fun", "false_fun"))
    return "" if one is None or other is None or not _misfit(one, other) else "branches differ"


def _misfit(before: Any, after: Any) -> str:
    """How what comes out differs from what went in."""
    if jax.tree.structure(before) != jax.tree.structure(after):
        return "changes its tree"
    pairs = list(zip(map(jax.typeof, jax.tree.leaves(before)), jax.tree.leaves(after), strict=True))
    if any(a.shape != b.shape for a, b in pairs):
        return "changes a shape"
    return "changes a dtype" if any(a.dtype != b.dtype for a, b in pairs) else ""


JUDGES = {"scan": _of_scan, "fori_loop": _of_fori_loop, "while_loop": _of_while_loop, "cond": _of_cond}
