"""Small programs run by the reference interpreter of StableHLO, in a tenth of the time that compiling them takes.

The interpreter does what the specification says, operation by operation. It ends the process where it does not know one,
and takes a microsecond for each number. So it is asked only for operations that it knows, on few numbers of some types,
in loops that are seen to end. All other programs, and all on a GPU, are compiled; so are those with a scatter, which the
interpreter does in the array that was handed to it, whoever else goes on with that.
"""

import functools
import math
from collections.abc import Callable, Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import export
from jax._src.interpreters import mlir
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

OF_EACH_NUMBER = (
    "abs add and ceil clamp compare convert cosine divide exponential exponential_minus_one floor is_finite log "
    "log_plus_one maximum minimum multiply negate not or power remainder rsqrt select sign sine sqrt subtract "
    "tanh xor"
)
OF_ARRAYS = (
    "broadcast_in_dim case concatenate constant dot_general dynamic_slice dynamic_update_slice gather iota pad reduce "
    "reshape return reverse slice transpose while"
)
KNOWN = {f"stablehlo.{name}" for name in f"{OF_EACH_NUMBER} {OF_ARRAYS}".split()}
KNOWN |= {"builtin.module", "func.func", "func.call", "func.return"}
# Whole numbers divided by 0 end the process.
FLOATS_ONLY = ("stablehlo.divide", "stablehlo.power", "stablehlo.remainder")
TYPES = ("i1", "i32", "ui32", "f32")
MOST = 10_000  # numbers that a program computes with; it is asked several times
TRIED_FROM = (0, 10)  # the version of JAX; with that of 0.6 arrays of booleans come back wrong
COMPILED = 24  # programs that are kept as native code, some 0.5 MiB each, ten times as much as an interpreted one
PLATFORM = "_platform_index"  # the name of the argument that says which of the exported platforms this is


def runner(exported: export.Exported, text: str) -> Callable[..., Sequence[jax.Array | np.ndarray]]:
    """A function that runs the program with this text on arrays: interpreted where that can be, else compiled."""
    module = _admitted(exported, text)
    if module is None:
        return functools.partial(_compiled, exported)
    platform = [np.int32(exported.platforms.index("cpu"))] if _asks_for_platform(module) else []

    def run(*inputs: jax.Array) -> Sequence[jax.Array | np.ndarray]:
        with module.context:
            try:
                outputs = stablehlo.eval_module(module, [_attribute(np.asarray(x)) for x in (*platform, *inputs)])
            except ValueError:  # whatever it is that the interpreter does not like
                return _compiled(exported, *inputs)
            return [_array(out, aval) for out, aval in zip(outputs, exported.out_avals, strict=True)]

    return run


def _compiled(exported: export.Exported, *inputs: jax.Array | np.ndarray) -> Sequence[jax.Array]:
    return _jitted(exported)(*inputs)


@functools.lru_cache(COMPILED)
def _jitted(exported: export.Exported) -> Callable[..., Sequence[jax.Array]]:
    return jax.jit(exported.call)


def _admitted(exported: export.Exported, text: str) -> ir.Module | None:
    """The program as the interpreter takes it; None where it is to be compiled."""
    if jax.default_backend() != "cpu" or jax.__version_info__ < TRIED_FROM or "TOTALORDER" in text:
        return None
    if any(jnp.issubdtype(aval.dtype, jax.dtypes.extended) for aval in (*exported.in_avals, *exported.out_avals)):
        return None  # keys
    try:
        with mlir.make_ir_context():
            module = ir.Module.parse(text)
    except Exception:  # what this version of JAX writes, it cannot read
        return None
    if not all(map(_known, _inside(module.operation))):
        return None
    functions = _functions(module)
    return module if _cost(functions["main"], functions) <= MOST else None


def _functions(module: ir.Module) -> dict[str, ir.Operation]:
    return {op.attributes["sym_name"].value: op.operation for op in module.body.operations}


def _asks_for_platform(module: ir.Module) -> bool:
    main = _functions(module)["main"]
    return "arg_attrs" in main.attributes and PLATFORM in str(main.attributes["arg_attrs"])


def _inside(op: ir.Operation) -> Iterator[ir.Operation]:
    """An operation, and all that are inside it."""
    yield op
    for inner in _directly_inside(op):
        yield from _inside(inner)


def _directly_inside(op: ir.Operation) -> Iterator[ir.Operation]:
    return (inner.operation for region in op.regions for block in region.blocks for inner in block.operations)


def _known(op: ir.Operation) -> bool:
    """Whether the interpreter can do this operation, on numbers of these types."""
    if op.name not in KNOWN:
        return op.name.startswith("sdy.mesh")  # declares where arrays would lie
    kinds = {_kind(value) for value in (*op.operands, *op.results)}
    return kinds.issubset(TYPES if op.name not in FLOATS_ONLY else ("f32",))


def _kind(value: ir.Value) -> str:
    """The type of the numbers in an array; empty where it is no array, has none, or has not always as many."""
    if not isinstance(value.type, ir.RankedTensorType):
        return ""
    known = value.type.has_static_shape and 0 not in value.type.shape
    return str(value.type.element_type) if known else ""


def _cost(op: ir.Operation, functions: dict[str, ir.Operation]) -> float:
    """About how many numbers an operation computes with, all that is inside it included."""
    if op.name == "func.call":
        return _cost(functions[op.attributes["callee"].value], functions)
    inside = sum(_cost(inner, functions) for inner in _directly_inside(op))
    if op.name == "stablehlo.while":
        return inside * _turns(op)
    sizes = [math.prod(value.type.shape) for value in (*op.operands, *op.results)]
    return inside + (math.sqrt(math.prod(sizes)) if op.name == "stablehlo.dot_general" else sum(sizes))


def _turns(loop: ir.Operation) -> float:
    """How often a loop goes round that counts by ones from a constant to another, as that of `scan` does; else infinite."""
    condition, body = (list(region.blocks[0].operations) for region in loop.regions)
    compared = condition[-1].operands[0].owner
    if getattr(compared, "name", "") != "stablehlo.compare" or "LT" not in str(
        compared.attributes["comparison_direction"]
    ):
        return math.inf
    counter, last = compared.operands
    if not isinstance(counter, ir.BlockArgument):
        return math.inf
    first, step = loop.operands[counter.arg_number], body[-1].operands[counter.arg_number].owner
    if getattr(step, "name", "") != "stablehlo.add" or not _counts(step, counter.arg_number):
        return math.inf
    return max(_constant(last) - _constant(first), 0)


def _counts(add: ir.Operation, place: int) -> bool:
    """Whether this adds one to what has this place in a loop."""
    one, other = add.operands
    return isinstance(one, ir.BlockArgument) and one.arg_number == place and _constant(other) == 1


def _constant(value: ir.Value) -> float:
    """A whole number that stands in the program; nan for all else."""
    made = value.owner
    if getattr(made, "name", "") != "stablehlo.constant" or str(value.type) != "tensor<i32>":
        return math.nan
    return next(iter(ir.DenseIntElementsAttr(made.attributes["value"])))


def _attribute(x: np.ndarray) -> ir.Attribute:
    """An array as the interpreter takes it; those of booleans are packed into bits."""
    content = np.packbits(x, bitorder="little") if x.dtype == bool else np.array(x, order="C")
    return ir.DenseElementsAttr.get(content, type=mlir.dtype_to_ir_type(x.dtype), shape=x.shape)


def _array(out: ir.Attribute, aval: jax.core.ShapedArray) -> np.ndarray:
    return np.array(out, dtype=aval.dtype).reshape(aval.shape)
