"""From a learner's function to a program: what JAX traced from it, exported over flat leaves."""

import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import export
from jax.extend import core

from autograders.learner.messages import Array, Described, Spec, Traced
from autograders.learner.values import Objects

JIT = ("jit", "pjit")  # how versions of JAX call the equation of a function under jit
SAME = ("convert_element_type", "copy", "reshape")  # the same numbers come out
PLATFORMS = ["cpu", "cuda"]  # the program runs on the judge's backend, whichever this process has
REMEMBERS_APART = hasattr(jax, "make_user_context")  # what was traced in different contexts
UNLIKE_BEFORE = jax.make_user_context(None) if REMEMBERS_APART else None
numbers = itertools.count(1)


def _scan(f: Callable) -> Callable:
    """f(state, x) -> (value, state) as the body of jax.lax.scan: g(state, xs) -> (values, state)."""

    def scanned(state: Any, xs: Any) -> Any:
        def body(carry: Any, x: Any) -> tuple[Any, Any]:
            value, carry = f(carry, x)
            return carry, value

        # The first step may turn Python numbers (weak types) into arrays of any dtype; the carry starts with that.
        out = jax.eval_shape(body, state, jax.tree.map(lambda a: a[0], xs))[0]
        if jax.tree.structure(out) == jax.tree.structure(state):
            state = jax.tree.map(lambda a, o: jnp.asarray(a, o.dtype) if jax.typeof(a).weak_type else a, state, out)
        state, values = jax.lax.scan(body, state, xs)
        return (values, state)

    return scanned


def _vmap_states(f: Callable) -> Callable:
    """g(states, xs): f mapped over several states, stacked leaf by leaf, and over the first axis of xs."""
    return lambda states, xs: jax.vmap(f)(jax.tree.map(lambda *leaves: jnp.stack(leaves), *states), xs)


TRANSFORMS: dict[str, Callable[[Callable], Callable]] = {
    "": lambda f: f,
    "scan": _scan,
    "vmap": _vmap_states,
    "value_and_grad": jax.value_and_grad,
    "grad_of_value_by_x": lambda f: jax.grad(lambda x, state: jnp.sum(f(state, x)[0])),
    "grad_of_squares": lambda f: jax.grad(lambda params, x: jnp.sum(f(params, x).astype(jnp.float32) ** 2)),
    "jvp": lambda f: lambda params, batch, direction: jax.jvp(lambda p: f(p, batch), (params,), (direction,)),
}


def afresh(number: int = 0) -> contextlib.AbstractContextManager:
    """Where JAX traces anew even what it has traced before; older versions forget all that they have compiled, too.

    With a number, it finds what it has traced in here under that number; without one, the next is taken.
    """
    if UNLIKE_BEFORE:
        return UNLIKE_BEFORE(number or next(numbers))
    jax.clear_caches()
    return contextlib.nullcontext()


def exactly() -> contextlib.AbstractContextManager:
    """Where products of matrices are as precise as on a processor, whichever backend runs them."""
    return jax.default_matmul_precision("highest")


def trace(
    objects: Objects, function: Callable, args: tuple[Any, ...], fixed: tuple[bool, ...], transform: str
) -> Traced:
    """Trace `function` anew for arguments like `args`, those marked fixed kept as they are.

    Raises whatever the learner's code raises under tracing, and TypeError for leaves that jit cannot take.
    """
    moving = [a for a, keep in zip(args, fixed, strict=True) if not keep]
    leaves, structure = jax.tree.flatten(moving)
    specs = [_spec(leaf) for leaf in leaves]
    described: list[Described] = []

    def program(*flat: Any) -> list[Any]:
        given = iter(jax.tree.unflatten(structure, flat))
        result = TRANSFORMS[transform](lambda *a: function(*a))(
            *(a if keep else next(given) for a, keep in zip(args, fixed, strict=True))
        )
        described[:] = [_describe_abstract(objects, result)]
        return jax.tree.leaves(result)

    with exactly():
        jitted = jax.jit(program, keep_unused=True)
        jaxpr = jitted.trace(*specs).jaxpr  # and no second time for the export
        callbacks = tuple(sorted({e.primitive.name for e in _equations(jaxpr.jaxpr) if _calls_host(e)}))
        exported = b"" if callbacks else _exported(jitted, specs)
    return Traced(
        exported,
        tuple(Spec(str(s.dtype), s.shape) for s in specs),
        described[0],
        callbacks,
        sum(1 for _ in _equations(jaxpr.jaxpr)),
        _outside_largest_jit(jaxpr.jaxpr),
        tuple(sorted({_operation(e) for e in _equations(jaxpr.jaxpr)})),
        tuple(sorted({_operation(e) for e in _unused(jaxpr.jaxpr)})),
        makers=tuple(_maker(jaxpr.jaxpr, v) for v in jaxpr.jaxpr.outvars),
    )


def _spec(leaf: Any) -> jax.ShapeDtypeStruct:
    aval = jax.typeof(leaf)
    return jax.ShapeDtypeStruct(aval.shape, aval.dtype, weak_type=getattr(aval, "weak_type", False))


def _exported(jitted: Callable, specs: list[jax.ShapeDtypeStruct]) -> bytes:
    return bytes(export.export(jitted, platforms=PLATFORMS)(*specs).serialize())


def _describe_abstract(objects: Objects, result: Any, depth: int = 1) -> Described:
    kind, structure = type(result).__name__, jax.tree.structure(result)
    if depth and isinstance(result, (tuple, list)) and 0 < len(result) <= 8:
        items = tuple(_describe_abstract(objects, part, depth - 1) for part in result)
        return Described(-1, kind, objects._tree(structure), items=items)
    flat, _ = jax.tree_util.tree_flatten_with_path(result)
    leaves = tuple(Array(str(jax.typeof(x).dtype), jax.typeof(x).shape, b"") for _, x in flat)
    paths = tuple(jax.tree_util.keystr(path) for path, _ in flat)
    return Described(-1, kind, objects._tree(structure), paths=paths, leaves=leaves)


def _equations(jaxpr: Any) -> Any:
    """Every equation, those of inner programs included."""
    for equation in jaxpr.eqns:
        yield equation
        yield from _inside(equation)


def _inside(equation: Any) -> Any:
    """The equations of the programs that an equation runs."""
    for value in equation.params.values():
        for inner in value if isinstance(value, (tuple, list)) else [value]:
            if isinstance(inner, core.ClosedJaxpr):
                yield from _equations(inner.jaxpr)
            elif isinstance(inner, core.Jaxpr):
                yield from _equations(inner)


def _operation(equation: Any) -> str:
    """The name of a function where one was traced as a whole, such as relu, else that of the operation."""
    name = equation.params.get("name", "")
    return name if isinstance(name, str) and name.isidentifier() else equation.primitive.name


def _unused(jaxpr: Any) -> Any:
    """The equations of a program whose results go nowhere, and what is inside them; programs under jit are looked into."""
    used = {id(v) for e in jaxpr.eqns for v in e.invars} | {id(v) for v in jaxpr.outvars}
    for equation in jaxpr.eqns:
        if not equation.effects and not any(id(v) in used for v in equation.outvars):
            yield equation
            yield from _inside(equation)
        elif equation.primitive.name in JIT:
            yield from _unused(equation.params["jaxpr"].jaxpr)


def _maker(jaxpr: Any, variable: Any) -> str:
    """The operation that made a variable of a program: through jit and changes of dtype; "input" for one that came in."""
    if any(variable is v for v in jaxpr.invars):
        return "input"
    equation = next((e for e in jaxpr.eqns if any(variable is v for v in e.outvars)), None)
    if equation is None:
        return "constant"
    if equation.primitive.name in SAME:
        return _maker(jaxpr, equation.invars[0])
    if equation.primitive.name not in JIT:
        return equation.primitive.name
    inner, place = equation.params["jaxpr"].jaxpr, next(i for i, v in enumerate(equation.outvars) if v is variable)
    passed = next((i for i, v in enumerate(inner.invars) if v is inner.outvars[place]), None)
    return _maker(inner, inner.outvars[place]) if passed is None else _maker(jaxpr, equation.invars[passed])


def _calls_host(equation: Any) -> bool:
    """A callback, a debug print: pure_callback shows by its name alone, the others by an effect as well."""
    calls_inner = any(isinstance(v, (core.ClosedJaxpr, core.Jaxpr)) for v in equation.params.values())
    return "callback" in equation.primitive.name or (bool(equation.effects) and not calls_inner)


def _outside_largest_jit(jaxpr: Any) -> int:
    """How many equations are dispatched one by one when the function is called: 0 or few when it is jitted as a whole."""
    inside = [sum(1 for _ in _equations(e.params["jaxpr"].jaxpr)) for e in jaxpr.eqns if e.primitive.name in JIT]
    return sum(1 for _ in _equations(jaxpr)) - (max(inside) + 1 if inside else 0)
