"""Explains an exception of the learner's code: what happened, why, and what to try."""

import re

from msgspec.structs import replace

from autograders.checks.failure import Failure, LimitHit
from autograders.judge import jax_errors, linen_errors, training_errors
from autograders.learner.messages import Raised

EXPLANATIONS = {
    **jax_errors.BY_CLASS,
    **linen_errors.BY_CLASS,
    "TimeUp": (
        "It was stopped by the time limit.",
        "Look for a loop that does not end, or work that belongs inside jit.",
        "",
    ),
    "MemoryError": (
        "It asked for more memory than one submission may have.",
        "Look at the shapes: does one grow from call to call, or broadcast to something huge?",
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
ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # another one in every process
DEFAULT = (
    "Your code stopped with an error.",
    "Call the function yourself in a new cell with a small input, and read the traceback from below.",
    "",
)


def explain(call: str, raised: Raised) -> Failure:
    """The failure that an exception in `call` means to a learner."""
    raised = raised if raised.types else replace(raised, types=("an error",))
    name = raised.types[0]
    if "NotImplementedError" in raised.types and not raised.inside:
        return Failure(
            f"`{call}` still raises NotImplementedError.",
            "This question waits for your code.",
            "Replace `raise NotImplementedError` by your answer and run the cell.",
            unsolved=True,
        )
    known = (EXPLANATIONS[kind] for kind in raised.types if kind in EXPLANATIONS)
    seen = jax_errors.by_clues(raised) or linen_errors.by_circumstances(raised) or training_errors.by_call(raised)
    seen = seen or _handed_to_jit(call, raised) or (raised.asked[:1] in (("int",), ("float",)) and jax_errors.NUMBER)
    why, hint, misconception = seen or next(known, DEFAULT)
    at = f", at the line `{raised.line}`" if raised.line else ""
    first = ADDRESS.sub("", raised.message.strip().split("\n")[0])[:200]
    out_of_memory = first.startswith("RESOURCE_EXHAUSTED")  # a status code of XLA's, not a text
    why, hint, misconception = EXPLANATIONS["MemoryError"] if out_of_memory else (why, hint, misconception)
    kind = LimitHit if name in ("TimeUp", "MemoryError") or out_of_memory else Failure
    failure = kind(f"`{call}` raised {name}{at}: {first}".rstrip(": "), why, hint, misconception)
    failure.raised = raised
    return failure


def _handed_to_jit(call: str, raised: Raised) -> jax_errors.Explanation | None:
    """What jit was given and cannot take: a method's own object, a text, or another object that is no pytree."""
    if "TypeError" not in raised.types or not raised.handed or "cache_miss" not in raised.inside:
        return None
    if call.startswith(f"{raised.handed[0]}()."):
        return jax_errors.SELF
    return jax_errors.TEXT if raised.handed[0] == "str" else jax_errors.OBJECT
