"""What the exceptions of JAX mean to a learner: (why, hint, misconception) by class, or by what was seen where they arose."""

from autograders.learner.messages import Raised

Explanation = tuple[str, str, str]

# Most special first. Texts of JAX change from version to version, classes rarely.
BY_CLASS: dict[str, Explanation] = {
    "TracerBoolConversionError": (
        "Under jit the values are not known yet, so Python cannot decide an `if` on them.",
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
}

# By clue (see learner/clues.py), where a class alone would not tell.
BY_CLUE: dict[str, Explanation] = {
    "decides in a call": (
        "The function called here compares its arguments in Python, and under jit their values are not known yet.",
        "Use the function of jnp that compares arrays, such as `jnp.maximum` in the place of `max`.",
        "J02",
    ),
    "decides on a value": (
        "`or` and `and` ask Python for the truth of a value, and under jit it is not known yet.",
        "Use `jnp.where` to choose between two values.",
        "J02",
    ),
    "decides on another round": (
        "Python cannot decide whether a `while` goes on: under jit the values are not known yet.",
        "Use `jax.lax.while_loop`, or compute without a loop.",
        "J03",
    ),
    "asserts": (
        "Python cannot decide an `assert` under jit: the values are not known yet.",
        "Assert shapes and dtypes, which are known, or check values outside the function.",
        "J19",
    ),
    "converts an array": (
        "`float()`, `int()` and `.item()` make one Python number, and an array of several came.",
        "Keep what comes an array; arithmetic takes numbers and arrays alike.",
        "J05",
    ),
    "sets an element": (
        "Arrays of JAX cannot be changed in place.",
        "Use `x.at[i].set(value)` or `x.at[i].add(value)`, and go on with the array that it returns.",
        "C14",
    ),
    "sets an attribute": (
        "This kind of object cannot be changed in place, and a state should not be.",
        "Make a new one: `_replace` for a NamedTuple, `replace` for a dataclass.",
        "C20",
    ),
    "size is traced": (
        "jit must know every size while it traces, and this one is an argument whose value is not known yet.",
        "Mark the argument as static (`static_argnums` or `static_argnames`), or leave out the jit around it.",
        "J08",
    ),
    "maps a number": (
        "`vmap` walks along the first axis of every argument, and a single number has no axis to walk along.",
        "Say with `in_axes` which arguments are walked along; `None` stands for one that all share.",
        "T07",
    ),
    "maps arrays": (
        "`vmap` walks along the first axis of every argument, also of one that all rows share.",
        "Say with `in_axes` which argument is walked along; `None` stands for one that all share.",
        "T06",
    ),
    "prints": (
        "`jax.debug.print` fills the braces of its text itself, and the text that came has none for these values: an "
        "f-string has filled them already.",
        "Remove the `f` before the text.",
        "J18",
    ),
    "hashes a tracer": (
        "A static argument must be known while jit traces. Each new value of it is compiled anew, and inside another "
        "jit it has no value yet.",
        "Let a number that changes from call to call be an ordinary argument.",
        "J13",
    ),
    "hashes a container": (
        "jit looks static arguments up in a table, so they must be hashable; dicts, lists and arrays are not.",
        "Keep only what never changes static (`self`, a size), and let the state be an ordinary argument.",
        "J11",
    ),
    "gathered tracers": (
        "The body of a scan, a loop or a vmap runs once, while JAX traces it, so a list that it fills holds one tracer, "
        "not the values of all steps.",
        "Return the value from the body: scan stacks what it returns second.",
        "T09",
    ),
    "self holds a tracer": (
        "A value from inside a traced function was kept on `self`, and the compiled code met it again.",
        "Return the value from the function instead of storing it.",
        "C06",
    ),
    "takes the carry before the index": (
        "`fori_loop` calls its body with the index first and the carry second; here they are taken the other way round.",
        "Swap the parameters of the body.",
        "T04",
    ),
    "takes x before the carry": (
        "scan calls its body with the carry first and x second; here they are taken the other way round.",
        "Swap the parameters of the body.",
        "",
    ),
    "unpacks": (
        "What stands on the right of the `=` does not have as many parts as there are names on the left.",
        "Look at what it is, and at what the function that made it returns.",
        "",
    ),
    "returns no pair": (
        "A scan's body must return two things: the carry for the next step, and the output of this one.",
        "Return a pair; the second part may be None where no output is wanted.",
        "T02",
    ),
    "returns output and carry": (
        "A scan's body returns the carry first and the output second; here the carry comes second.",
        "Swap the two in the body's `return`.",
        "T03",
    ),
    "changes its tree": (
        "What a loop hands from step to step must keep its tree: the same containers, the same keys, the same length.",
        "Compare the state that goes in with the one that the body returns, part by part.",
        "T05",
    ),
    "changes a shape": (
        "What a loop hands from step to step must keep its shapes.",
        "Start with an array of the shape that the body returns.",
        "T01",
    ),
    "changes a dtype": (
        "What a loop hands from step to step must keep its dtypes; here an array goes in with one and comes out with another.",
        "Start with the dtype that the body returns.",
        "T01",
    ),
    "branches differ": (
        "Both branches of `cond` are traced, whichever is taken, and must return the same tree, shapes and dtypes.",
        "Make both branches return numbers of one dtype, for example with `jnp.float32(...)`.",
        "J20",
    ),
}

# By what jit was handed.
SELF: Explanation = (
    "jit was put on a method, and takes `self` for an argument that it should compile for.",
    "Leave the method without jit: whoever calls it can compile the bound method, as in `jax.jit(counter.count)`.",
    "J09",
)
TEXT: Explanation = (
    "A text went into jit, and jit takes arrays and numbers only.",
    "Keep names out of the state; they never change, so the code can know them.",
    "C19",
)
OBJECT: Explanation = (
    "An object went into jit that is neither an array nor a number, nor a container that JAX can take apart.",
    "Use a tuple, a dict, a NamedTuple or a `flax.struct.dataclass`.",
    "C18",
)

# By what was asked for an attribute.
NUMBER: Explanation = (
    "A Python number came here, and it has not what arrays have, such as `dtype`, `shape` and `at`.",
    "Make an array of it first, with `jnp.asarray`.",
    "",
)


def by_clues(raised: Raised) -> Explanation | None:
    """The explanation that fits what was seen where the exception arose."""
    if "Module" in raised.handed:
        return None
    return next((BY_CLUE[clue] for clue in raised.clues if clue in BY_CLUE), None)
