"""Explains an exception of the learner's code: what happened, why, and what to try."""

from autograders.checks.failure import Failure
from autograders.learner.messages import Raised

# By class name, most special first: (why, hint, misconception). Texts of JAX change from version to version, classes
# rarely.
EXPLANATIONS = {
    "TracerBoolConversionError": (
        "Under jit the values are not known yet, so Python cannot decide an `if`, `while`, `and` or `min` on them.",
        "Use `jnp.where` or `jax.lax.cond`, or compute without a decision.",
        "J01",
    ),
    "TracerIntegerConversionError": (
        "Under jit the values are not known yet, so they cannot serve as an index or in `range`.",
        "Use `jax.lax.fori_loop` or `jax.lax.scan`, or index with jnp operations.",
        "J04",
    ),
    "TracerArrayConversionError": (
        "A NumPy function was given a value that JAX is still tracing.",
        "Use the function of the same name in `jax.numpy` (jnp) instead of np.",
        "J06",
    ),
    "NonConcreteBooleanIndexError": (
        "The size of `x[mask]` depends on values, and jit must know every size beforehand.",
        "Use `jnp.where(mask, x, 0)` and keep the shape.",
        "J07",
    ),
    "ConcretizationTypeError": (
        "Under jit the values are not known yet, so `float()`, `int()` and `.item()` have nothing to convert.",
        "Keep the value an array inside the function; convert it outside, where it is used.",
        "J05",
    ),
    "UnexpectedTracerError": (
        "A value from inside a traced function was kept somewhere outside (in self, a global, a list) and used later.",
        "Return the value from the function instead of storing it.",
        "C06",
    ),
    "FrozenInstanceError": (
        "This kind of state cannot be changed in place, and should not be.",
        "Make a new one: `state.replace(field=new_value)` (or `_replace` for a NamedTuple).",
        "C20",
    ),
    "CallCompactUnboundModuleError": (
        "A Linen module holds no parameters of its own, so it cannot be called like a function.",
        "Call `model.apply({'params': params}, x)`.",
        "L01",
    ),
    "AssignSubModuleError": (
        "Layers can only be made in `setup`, or in a method marked `@nn.compact`.",
        "Put `@nn.compact` above `def __call__`.",
        "L03",
    ),
    "SetAttributeFrozenModuleError": (
        "A Linen module cannot be changed while it is applied: it keeps no state.",
        "Use a local variable inside `__call__`; fields are set when the module is made.",
        "L04",
    ),
    "SetAttributeInModuleSetupError": (
        "A Linen module cannot be changed outside `setup`.",
        "Use a local variable, or `self.param` for a parameter.",
        "L04",
    ),
    "IncorrectPostInitOverrideError": (
        "Linen modules are dataclasses; their `__init__` is written for them.",
        "Declare fields (`features: Sequence[int]`) and use `setup` instead of `__init__`.",
        "L06",
    ),
    "ScopeParamShapeError": (
        "The parameters were made for inputs of another width than the one that came now.",
        "Only the last axis may go into a kernel's shape; leave the batch axes alone.",
        "L12",
    ),
    "ScopeCollectionNotFound": (
        "`apply` wants the variables under the name of their collection.",
        "Call `model.apply({'params': params}, x)`, or hand over the whole dict that `init` returned.",
        "L10",
    ),
    "ApplyScopeInvalidVariablesStructureError": (
        "The parameters arrived with one layer of `{'params': ...}` too many.",
        "Keep either the whole dict of `init` or its `['params']`, and hand over what fits.",
        "L10",
    ),
    "TimeUp": (
        "It was stopped by the time limit.",
        "Look for a loop that does not end, or work that belongs inside jit.",
        "",
    ),
    "NameError": (
        "A name is used that no cell has defined, or whose cell stopped with an error before.",
        "Restart the kernel and run all cells: the first error in the notebook usually explains this one.",
        "",
    ),
    "SystemExit": ("`exit()` and `sys.exit()` end the program, the checks included.", "Remove the call.", ""),
    "EOFError": ("Nobody is there to type while the exercise is checked.", "Replace `input()` by a value.", ""),
}
DEFAULT = (
    "Your code stopped with an error.",
    "Call the function yourself in a new cell with a small input, and read the traceback from below.",
    "",
)


def explain(call: str, raised: Raised) -> Failure:
    """The failure that an exception in `call` means to a learner."""
    name = raised.types[0] if raised.types else "an error"
    if "NotImplementedError" in raised.types:
        return Failure(
            f"`{call}` still raises NotImplementedError.",
            "This question waits for your code.",
            "Replace `raise NotImplementedError` by your answer and run the cell.",
            unsolved=True,
        )
    why, hint, misconception = next((EXPLANATIONS[kind] for kind in raised.types if kind in EXPLANATIONS), DEFAULT)
    at = f", at the line `{raised.line}`" if raised.line else ""
    first = raised.message.strip().split("\n")[0][:200]
    return Failure(f"`{call}` raised {name}{at}: {first}".rstrip(": "), why, hint, misconception)
