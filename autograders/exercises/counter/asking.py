"""Asks a learner's counter and running mean: steps, threads of steps, many steps at once."""

import numpy as np

from autograders.checks import Failure, purity, require
from autograders.checks.comparing import close, integers, require_close
from autograders.exercises.counter import telling
from autograders.exercises.counter.telling import running
from autograders.judge.handle import Function, Program, Submission
from autograders.judge.values import Value


def step(counter: Value, state: Value, **options: bool) -> tuple[int | float, Value, Value]:
    """One eager step: the value, the new state, and the whole result with what was observed."""
    result = counter.method("count")(state, **options)
    if len(result.items) != 2:
        purity.state_unchanged(result, "state")
    value, after = result.unpack("value, n")
    swapped = len(value.leaves) != 1 and value.tree == state.tree
    require(
        not swapped,
        f"`{result.text}` returned its state first and the value second.",
        "The exercise fixes the order (value, new_n); scan wants the other one.",
        "Swap the two in `return`.",
        "C23",
    )
    return value.number("the value that `count` returns"), after, result


def thread(counter: Value, steps: int) -> tuple[list[float], list[Value]]:
    """Values of so many eager steps from `reset()`, and every state on the way, the first included."""
    states, values = [reset(counter)], []
    for _ in range(steps):
        value, state, _ = step(counter, states[-1])
        values.append(value)
        states.append(state)
    return values, states


def many_steps(counter: Value) -> tuple[list[float], Program | None]:
    """The values from the second on: 1,000 of the program, if there is one that agrees, else some eager ones."""
    values, states = thread(counter, 3)
    try:
        program = counter.method("count").program(states[1])
        agrees = program(states[1]).unpack("value, n")[0].number() == values[1]
    except Failure:
        return thread(counter, 101)[0][1:], None
    if not agrees or not can_thread(program, states[1]):
        return thread(counter, 1001 if agrees else 101)[0][1:], program
    outputs = program.thread(1000, states[1], state_in=0, state_out=1)
    return [float(np.ravel(out[0])[0]) for out in outputs], program


def can_thread(program: Program, state: Value) -> bool:
    """Whether the program's new state has the form of the one it takes, so that it can be run again and again."""
    after = program.result.items[1]
    same = after.tree == state.tree and [str(x.dtype) for x in after.leaves] == [s.dtype for s in program.traced.inputs]
    return bool(program.traced.program) and (same or any(s.dtype.startswith("key") for s in program.traced.inputs))


def reset(counter: Value) -> Value:
    """The first state."""
    state = counter.method("reset")()
    require(
        state.kind != "NoneType",
        "`reset` returned None instead of the first state.",
        "A method that keeps nothing on `self` must hand the state to whoever calls it.",
        "Return the state that counting starts from.",
        "C07",
    )
    return state


def mean_step(
    submission: Submission, state: Value, x: object, right: np.ndarray | None = None, **options: bool
) -> tuple[np.ndarray, Value, Value]:
    """One eager update: the mean, the new state, and the whole result; `right` is the mean that it should be."""
    result = submission.update_mean(state, x, **options)
    if len(result.items) != 2:
        purity.state_unchanged(result, "state")
    mean, state = result.unpack("mean, state")
    telling.require_order(result, right)
    return mean.array("the mean that `update_mean` returns"), state, result


def mean_thread(submission: Submission, xs: np.ndarray) -> tuple[list[np.ndarray], list[Value]]:
    """The means of eager updates with the rows of xs, and every state on the way."""
    shape = xs.shape[1:]
    states, means = [submission.init_mean(shape) if shape else submission.init_mean()], []
    for x, right in zip(xs, running(xs), strict=True):
        mean, state, _ = mean_step(submission, states[-1], x, right)
        means.append(mean)
        states.append(state)
    return means, states


def draw(inputs: np.random.Generator, *shape: int) -> np.ndarray:
    """Numbers whose running means all differ."""
    return inputs.uniform(0.5, 4.0, shape).astype(np.float32)


def stuck_mean(submission: Submission, means: list[np.ndarray], states: list[Value], xs: np.ndarray) -> None:
    """The state moves on where the means are wrong."""
    if not close(np.stack(means), running(xs)) and telling.same_leaves(states[0], states[1]):
        program = submission.update_mean.program(states[0], xs[0])
        said = "the state that `update_mean` returns is the one that it was given, so it forgets all numbers but the newest."
        raise Failure(said, *telling.stuck(states[0], program))


def means_right(means: list[np.ndarray], xs: np.ndarray, where: str) -> None:
    """Each mean is that of the rows so far."""
    why, hint, misconception = telling.wrong_means(means, xs) or (
        "The mean of n numbers is their sum divided by n; both the sum and n travel in the state.",
        "Thread two numbers by hand: what are sum, n and mean after each?",
        "",
    )
    for n, (got, right) in enumerate(zip(means, running(xs), strict=True), 1):
        name = f"{where}, the mean after {n} number{'s' if n > 1 else ''}"
        require_close(got, right, name, why, hint, misconception)


def scanned(submission: Submission, xs: np.ndarray) -> None:
    """As the body of a scan, `update_mean` gives the means that it gives step by step."""
    means, states = mean_thread(submission, xs)
    purity.same_form(states, "the state of `update_mean`")
    got = submission.update_mean.program(states[0], xs, transform="scan")(states[0], xs).items[0].array()
    why = "One after another, without a scan, the same numbers give other means."
    require_close(got, np.stack(means), "the means of a scan", why, "Use only the arguments.")


def single_steps(counter: Value, before: int, n: int) -> tuple[list[float], Value]:
    """The values of n eager steps after `before` others, and the state before them."""
    values, states = thread(counter, before + n)
    return values[before:], states[before]


def many(count_many: Function, state: Value, n: int) -> tuple[np.ndarray, Value, np.ndarray]:
    """Eager values and state of `count_many`, and the values of its program."""
    values, after = in_order(count_many(state, n), state, n)
    traced = count_many.program(state, n)(state, n).unpack("values, state")[0]
    return values.array("the `values` of count_many"), after, traced.array("the `values` of count_many")


def in_order(result: Value, state: Value, n: int) -> list[Value]:
    """The values and the state, in this order."""
    values, after = result.unpack("values, state")
    swapped = values.tree == state.tree and [x.shape for x in after.leaves] == [(n,)] != [
        x.shape for x in values.leaves
    ]
    require(
        not swapped,
        f"`{result.text}` returned the state first and the values second.",
        "scan returns the last carry first and the outputs second; the exercise fixes the order (values, state).",
        "Swap the two in `return`.",
        "C23",
    )
    return [values, after]


def matches(submission: Submission, counter: Value, before: int, n: int, where: str) -> None:
    """`count_many` gives what n single steps give, eagerly and as a program, and a state that continues them."""
    want, state = single_steps(counter, before, n)
    one = np.int32(0)
    marks = ("J08", "J04", "J05") if len(state.leaves) == 1 and not state.paths[0] else ()
    with telling.another_static(marks, lambda: submission.count_many(one, n), "the state and not n"):
        eager, after, traced = many(submission.count_many, state, n)
    for got, how in ((eager, ""), (traced, " under jit")):
        said = f"{where}, `values`{how} has shape {got.shape}; it should be {(n,)}."
        require(got.shape == (n,), said, "One value for each of the n steps is wanted.", "What does scan stack?")
        if integers(got.tolist()) != integers(want):
            other = single_steps(counter, before + 1, 0)[1]
            again = submission.count_many(other, n).unpack("values, state")[0].array().tolist()
            said = f"{where}, `count_many`{how} gave {integers(got.tolist()[:4])}...; {n} single steps give {integers(want[:4])}..."
            raise Failure(said, *telling.wrong_values(counter, state, got.tolist(), want, again))
    continues(counter, after, state, n, single_steps(counter, before + n, 1)[0], where)


def continues(counter: Value, after: Value, state: Value, n: int, right: list[float], where: str) -> None:
    """One more step from the state that came back answers what it should."""
    value, _, _ = step(counter, after)
    if [value] == right:
        return
    said = f"{where}, one more step from the state that `count_many` returned gave {integers([value])[0]} instead of {integers(right)[0]}."
    raise Failure(said, *telling.wrong_state(counter, state, after, n))
