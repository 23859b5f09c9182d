"""Tells mistakes in a counter, a running mean and `count_many` apart, by what was observed and by trying each of them."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograders.checks import Failure, purity, require
from autograders.checks.comparing import close, integers
from autograders.judge.handle import Program
from autograders.judge.values import Value
from autograders.learner.messages import Place

Explanation = tuple[str, str, str]  # why, hint, misconception

FROZEN = "jit runs the Python body once, while it traces; afterwards it repeats what it recorded."
CHANGED = (
    "Something outside of the arguments was read once, when jit first traced, and has changed since; the compiled code still "
    "holds the old one."
)
ELSEWHERE = "Part of the state is kept somewhere else than in the argument."
HOST = (
    "Nothing was written, and yet the same arguments gave another answer: it depends on something that changes by itself, "
    "such as the clock or random numbers. Under jit that is read once, while it traces."
)


# predictions


def counts_on(numbers: list[int]) -> bool:
    """Whether each number is one more than the one before."""
    return len(numbers) > 1 and all(b == a + 1 for a, b in zip(numbers, numbers[1:], strict=False))


@contextlib.contextmanager
def another_static(misconceptions: Sequence[str], ask: Callable[[], object], as_static: str) -> Iterator[None]:
    """Whether an error comes from static_argnums that mark the wrong argument.

    `ask` hands over an array in the place that could be marked: jit refuses it at once where the place is static.
    """
    try:
        yield
    except Failure as failure:
        if failure.misconception in misconceptions and _refused(ask) == "J11":
            failure.why = (
                f"static_argnums marks {as_static}: arguments are counted from 0, and in a method `self` is the first."
            )
            failure.hint = "Count again, or use static_argnames, which cannot be off by one."
            failure.misconception = "J10"
        raise


def _refused(ask: Callable[[], object]) -> str:
    try:
        ask()
    except Failure as failure:
        return failure.misconception
    return ""


def rule_of(name: str, got: list[int]) -> str:
    """Which belief about jit a wrong prediction comes from."""
    if name == "python_side_n":
        return "C01" if got == [3] else ""
    if name == "eager_calls":
        return "C02" if len(set(got)) == 1 else ""
    if counts_on(got):
        return "C01"
    return "C02" if name == "jitted_after_five_eager" and set(got) == {1} else ""


# the counter


def is_jitted(counter: Value) -> bool:
    """Whether `count` was compiled where it is defined, so that `self` must be a static argument."""
    try:
        counter.attribute("count").attribute("eval_shape")
    except Failure:
        return False
    return True


def same_leaves(a: Value, b: Value) -> bool:
    """Whether two objects hold the same numbers in the same places."""
    if a.tree != b.tree or len(a.leaves) != len(b.leaves):
        return False
    return all(
        x.tobytes() == y.tobytes() if hasattr(x, "dtype") and hasattr(y, "dtype") else x == y
        for x, y in zip(a.leaves, b.leaves, strict=True)
    )


def hidden(wrote: Sequence[Place], counter: Value, state: Value) -> Explanation:
    """Why a call gave another answer for a state than before: where the rest of the state is."""
    if any(getattr(leaf, "iterator", False) or getattr(leaf, "kind", "") == "Ref" for leaf in state.leaves):
        purity.jit_takes(state, "the state of `CounterV2`")
    if not wrote:
        return HOST, "Compute everything from the arguments.", "C17"
    if is_jitted(counter):
        return (
            "`count` is compiled with `self` as a static argument, and what it writes to `self` happens only while it traces.",
            "Take the count from the argument, and leave `self` alone.",
            "C03",
        )
    why, misconception = purity.reason(wrote, lambda: counter.method("count").program(state, watch=True).wrote)
    return f"{ELSEWHERE} {why}", "Compute everything from the arguments.", misconception


def frozen(program: Program, *args: Any) -> tuple[str, str]:
    """Why a program answers otherwise than the function itself, and the misconception."""
    wrote = program.wrote or program.function(*args, watch=True).wrote
    return purity.reason(wrote) if wrote else (CHANGED, "C04")


def counts_when_swapped(counter: Value, state: Value, steps: int) -> bool:
    """Whether `count` is right but for the order of what it returns."""
    try:
        return swapped(counter, state, steps) == list(range(1, steps + 1))
    except Failure:
        return False


def standstill(counter: Value, before: Value, after: Value) -> Explanation:
    """Why the value, or the state, stands still from one call to the next."""
    program = counter.method("count").program(before, again=True, watch=True)
    if program.wrote:
        return hidden(program.wrote, counter, before)
    if same_leaves(before, after):
        return stuck(before, program)
    return "The value does not come from the state that is given.", "Compute the value from the argument.", ""


def stuck(state: Value, program: Program) -> Explanation:
    """Why a returned state is the old one: what was computed and then dropped."""
    hint = "Return the value and a new state that is one further."
    if program.dropped & {"replace", "_replace"}:
        why = "`replace` and `_replace` change nothing: they return a new object, and here nothing uses that."
        return why, "Give the new object a name, and go on with it.", "C21"
    if not program.unused:
        return "The state that is returned is the old one, so every call starts from the same place.", hint, "C07"
    if any("scatter" in operation for operation in program.unused):
        why = "`x.at[i].set(...)` changes nothing: it returns a new array, and here nothing uses that."
        return why, "Give the new array a name, and go on with it.", "C13"
    plain = state.kind in ("tuple", "list")
    if plain:
        why = "`x += 1` in a loop over the parts gives the loop's name another meaning; the parts stay as they are."
        return why, "Build a new container, for example with `jax.tree.map`.", "C11"
    return "Something is computed for the new state, and then nothing uses it.", hint, "C08"


def beyond(values: list[float], wrong: int, program: Program | None) -> Explanation:
    """Why a count that is right at first goes wrong at index `wrong`."""
    leaves = [leaf for item in program.result.items for leaf in item.leaves] if program else []
    small = sorted({str(x.dtype) for x in leaves if getattr(x, "dtype", np.dtype(float)).itemsize < 4})
    if small:
        why = f"Numbers of type {small[0]} end early: whole ones wrap around, and half precision has no room for + 1."
        return why, "Use an int, or int32.", "D04"
    if len(set(values[wrong - 1 :])) == 1 and program and {"gather", "dynamic_slice"}.intersection(program.operations):
        why = "The value is looked up in an array. Beyond its end JAX takes the last element, without an error."
        return why, "Compute the value instead of looking it up.", "D05"
    return "A limit or a decision inside changes the count from there on.", "Add one, always.", ""


# the running mean


def running(xs: np.ndarray) -> np.ndarray:
    """The mean of the first 1, 2, 3, ... rows."""
    counts = np.arange(1, len(xs) + 1).reshape(-1, *[1] * (xs.ndim - 1))
    return (np.cumsum(xs.astype(np.float64), axis=0) / counts).astype(np.float32)


def wrong_means(means: list[np.ndarray], xs: np.ndarray) -> Explanation | None:
    """Which mistake gives these means, if it is one of those known."""
    if any(got.shape != x.shape for got, x in zip(means, xs, strict=True)):
        return None
    got = np.stack(means).astype(np.float32)
    known = {
        "the sums": (np.cumsum(xs, axis=0), "Divide by the number of values so far.", "G12"),
        "the mean of the numbers without their fractions": (
            running(np.trunc(xs)),
            "Start with a sum of floats: an array of ints cuts what is put into it.",
            "D03",
        ),
    }
    for name, (values, hint, misconception) in known.items():
        if close(got, values.astype(np.float32)):
            return f"What comes is {name}.", hint, misconception
    return None


def close_leaves(a: Value, b: Value) -> bool:
    """Whether two states hold the same numbers, but for rounding."""
    pairs = zip(a.leaves, b.leaves, strict=True) if len(a.leaves) == len(b.leaves) else [(None, 0)]
    return all(close(x, y) if hasattr(x, "dtype") and hasattr(y, "dtype") else x == y for x, y in pairs)


def require_order(result: Value, right: np.ndarray | None) -> None:
    """The mean comes first and the state second."""
    if right is None:
        return
    first, second = result.items
    alone = len(second.leaves) == 1 and hasattr(second.leaves[0], "dtype")
    fits = alone and close(np.asarray(second.leaves[0], np.float32), right) and len(first.leaves) != 1
    require(
        not fits,
        f"`{result.text}` returned its state first and the mean second.",
        "The exercise fixes the order (mean, state); scan wants the other one.",
        "Swap the two in `return`.",
        "C23",
    )


@contextlib.contextmanager
def in_a_batch() -> Iterator[None]:
    """What raises only under vmap is something that cannot be done for a whole batch at once."""
    try:
        yield
    except Failure as failure:
        if failure.raised and not failure.misconception:
            failure.why = (
                "One call under vmap is about a whole batch of states and numbers, and this step takes only one."
            )
            failure.hint = "Use operations of jnp, which vmap knows, instead of calls to Python."
        raise


@contextlib.contextmanager
def numpy_cuts_gradients() -> Iterator[None]:
    """What NumPy refuses to do with a traced value is, in a gradient, a mistake of its own."""
    try:
        yield
    except Failure as failure:
        if failure.raised and "TracerArrayConversionError" in failure.raised.types:
            failure.misconception = "G14"
        raise


# count_many


def swapped(counter: Value, state: Value, n: int) -> list[float]:
    """The outputs of a scan whose body returns (value, state): the value is carried on, the state is put out."""
    outputs = []
    for _ in range(n):
        value, after = counter.method("count")(state).unpack("value, n")
        outputs.append(after.number())
        state = value
    return outputs


def wrong_values(counter: Value, state: Value, got: list[float], want: list[float], again: list[float]) -> Explanation:
    """Why `count_many` gives other values than single steps; `again` are its values from another state."""
    n = len(want)
    if n > 1 and len(set(got)) == 1:
        if got[0] == want[0] and got != again:
            why = "Every step starts from the same state: the body does not hand on the new one."
            return why, "Let the body return the state that `count` returned.", "C08"
        if again == got:
            why = "The values do not come from the state. Python ran the body once, while JAX traced it, and what it counted is a constant now."
            return why, "Let the values come from `count`, and hand the state on in the carry.", "T09"
    try:
        if integers(swapped(counter, state, n)) == integers(got):
            why = "The body returns (value, state), so scan carries the value on and puts the states out."
            return why, "In scan the body returns (carry, output).", "T03"
    except Failure:
        pass
    return (
        "Each value and the state must be what n calls of your own `count` would give.",
        "Let the body call `count` with the carry, and put out the value that it returns.",
        "",
    )


def wrong_state(counter: Value, state: Value, after: Value, n: int) -> Explanation:
    """Why the state that `count_many` returned is not the one after n steps."""
    hint = "Return the last carry of the loop."
    if n and same_numbers(state, after):
        why = "It is the state that came in: what the loop carried on to its end is dropped."
        return why, hint, "C07"
    if n and len(state.leaves) == 1 and state.leaves[0].shape == ():
        from_index = counter.method("count")(n - 1).unpack("value, n")[1]
        if same_numbers(from_index, after):
            why = "It does not depend on the state that came in: it is what `count` makes of the loop's last index."
            return why, "`fori_loop` calls its body with the index first and the carry second.", "T04"
    return "The returned state must be the one after n steps.", hint, ""


def same_numbers(a: Value, b: Value) -> bool:
    """Whether two states hold equal numbers, of whatever type."""
    if len(a.leaves) != len(b.leaves):
        return False
    return all(np.array_equal(x, y) for x, y in zip(a.leaves, b.leaves, strict=True))
