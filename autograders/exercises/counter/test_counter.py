"""The autograder of `counter`: is the state outside, does jit agree, can any old state be continued?"""

import numpy as np
import pytest

from autograders.checks import Failure, grades, purity, require
from autograders.checks.comparing import close, integers, require_close
from autograders.judge.handle import Fixed, Function, Host, Submission, Value

STEPS = 6
FROZEN = "jit runs the Python body once, while it traces; afterwards it repeats what it recorded."


# predict


def predicted(submission: Submission, name: str, want: list[int], why: str, hint: str, misconception: str) -> None:
    """A prediction is what the code really answers."""
    value = submission.value(name)
    if value.kind == "ellipsis" or value.kind == "NoneType":
        raise Failure(
            f"`{name}` is still empty.",
            "This question waits for your answer.",
            f"Write {'a list of three ints' if len(want) > 1 else 'one int'}, then run the cell.",
            "",
            True,
        )
    got = integers(np.ravel(value.array(f"`{name}`")).tolist())
    require(
        got == want,
        f"`{name}` is {got if len(got) > 1 else got[0]}; that is not what happens.",
        why,
        hint,
        misconception,
    )


@grades("predict", points=0.5)
def test_predicts_three_eager_calls(submission):
    """Three calls of `Counter().count` without jit are predicted."""
    why, hint = (
        "Without jit this is ordinary Python: each call adds one.",
        "Call count three times on paper, from n = 0.",
    )
    predicted(submission, "eager_calls", [1, 2, 3], why, hint, "C01")


@grades("predict", points=0.5)
def test_predicts_three_jitted_calls(submission):
    """Three calls of `jax.jit(c.count)` on a fresh counter are predicted."""
    hint = "How often does `self.n += 1` run? Look at the jaxpr of c.count."
    predicted(submission, "jitted_calls", [1, 1, 1], FROZEN, hint, "C01")


@grades("predict", points=0.5)
def test_predicts_jitted_after_five_eager(submission):
    """What jit answers after five eager calls is predicted."""
    hint = "Which value does c.n have at the moment when jit traces?"
    predicted(submission, "jitted_after_five_eager", [6, 6, 6], FROZEN, hint, "C02")


@grades("predict", points=0.5)
def test_predicts_n_on_the_object(submission):
    """What is left in `c.n` after three jitted calls is predicted."""
    hint = "Tracing runs the body, `self.n += 1` included. How often did jit trace?"
    predicted(submission, "python_side_n", [1], FROZEN, hint, "C01")


# counter_v2


@pytest.fixture
def counter(submission: Submission) -> Value:
    return submission.CounterV2()


def step(counter: Value, state: Value, **options: bool) -> tuple[int | float, Value, Value]:
    """One eager step: the value, the new state, and the whole result with what was observed."""
    result = counter.method("count")(state, **options)
    value, state = result.unpack("value, n")
    return value.number("the value that `count` returns"), state, result


def thread(counter: Value, steps: int) -> tuple[list[float], list[Value]]:
    """Values of so many eager steps from `reset()`, and every state on the way, the first included."""
    states, values = [counter.method("reset")()], []
    for _ in range(steps):
        value, state, _ = step(counter, states[-1])
        values.append(value)
        states.append(state)
    return values, states


@grades("counter_v2", points=1)
def test_counts_up_when_threaded(counter):
    """Called again and again with the state that it returned, `count` answers 1, 2, 3, ..."""
    values, _ = thread(counter, STEPS)
    stuck = len(set(values)) == 1
    require(
        values == list(range(1, STEPS + 1)),
        f"threading the state through {STEPS} calls gave {', '.join(map(str, integers(values)))}; it should count 1, 2, 3, ...",
        "The returned state is the old one, so every call starts from the same place."
        if stuck
        else "The value or the new state is off.",
        "Return the value and a new state that is one further."
        if stuck
        else "Write down by hand what count(reset()) must return.",
        "C21" if stuck else "",
    )


@grades("counter_v2", points=0.5, needs=("counts_up_when_threaded",))
def test_replay_gives_same_answer(submission, counter):
    """An old state gives the old answer again, and two interleaved counts do not mix."""
    values, states = thread(counter, STEPS)
    why, hint = "Part of the state is kept somewhere else than in the argument.", "Compute everything from `n` alone."
    for k in (3, 0, 4):
        again = step(counter, states[k])[0]
        said = f"`count` answered {integers([values[k]])[0]} for a state, and {integers([again])[0]} for the same state later."
        require(again == values[k], said, why, hint, "C01")
    other = submission.CounterV2()
    a, b = states[2], other.method("reset")()
    for i in range(3):
        first, a, _ = step(counter, a)
        second, b, _ = step(other, b)
        said = f"two counts, taken in turn, answered {integers([first])[0]} and {integers([second])[0]} instead of {3 + i} and {1 + i}."
        require((first, second) == (3 + i, 1 + i), said, why, hint, "C01")


@grades("counter_v2", points=0.25, needs=("counts_up_when_threaded",), evidence="observed")
def test_leaves_the_state_unchanged(counter):
    """Called without jit, `count` does not change the state it is given."""
    _, states = thread(counter, 3)
    for state in states:
        purity.state_unchanged(step(counter, state)[2], "state")


@grades("counter_v2", points=0.25, needs=("counts_up_when_threaded",), evidence="observed")
def test_keeps_nothing_outside(counter):
    """`count` and `reset` write nothing to self, to the class, to a global, a default argument or a closure."""
    state = counter.method("reset")(watch=True)
    purity.wrote_nothing(state)
    for _ in range(3):
        _, state, result = step(counter, state, watch=True)
        purity.wrote_nothing(result)


@grades("counter_v2", points=0.5, needs=("counts_up_when_threaded",))
def test_same_under_jit(counter):
    """The program that jit makes of `count` answers as `count` does, from every state reached by threading."""
    values, states = thread(counter, STEPS)
    programs = {}
    for k in (1, 0, 2, 3, 4):
        if states[k].tree not in programs:
            programs[states[k].tree] = counter.method("count").program(states[k])
        got = programs[states[k].tree](states[k]).unpack("value, n")[0].number()
        require(
            got == values[k],
            f"under jit `count` answered {integers([got])[0]} for a state where it answers {integers([values[k]])[0]} without jit.",
            FROZEN + " State that is not an argument is frozen into the program.",
            "Take the count from the argument `n`, and return the new one.",
            "C01",
        )


@grades("counter_v2", points=0.25, needs=("counts_up_when_threaded",))
def test_state_keeps_its_form(counter):
    """From step to step the state keeps its tree structure, shapes and dtypes, and jit can take it."""
    _, states = thread(counter, STEPS)
    purity.same_form(states, "the state of `CounterV2`")


@grades("counter_v2", points=0.25, needs=("same_under_jit",))
def test_counts_to_a_thousand(counter):
    """Jitted and threaded, the count is still right at 1,000."""
    _, states = thread(counter, 2)
    program = counter.method("count").program(states[1])
    if program.traced.program and program.result.items[1].tree == states[1].tree:
        values = [float(np.ravel(out[0])[0]) for out in program.thread(1000, states[1], state_in=0, state_out=1)]
    else:
        values = thread(counter, 1001)[0][1:]
    wrong = next((i for i, value in enumerate(values, 2) if value != i), None)
    require(
        wrong is None,
        f"the count is right at first, but at {wrong} it answered {integers([values[(wrong or 2) - 2]])[0]}.",
        "A number type that is too small wraps around; a table or a limit may end.",
        "Use an int, or int32.",
        "D04",
    )


# running_mean


def mean_step(submission: Submission, state: Value, x: object, **options: bool) -> tuple[np.ndarray, Value, Value]:
    """One eager update: the mean, the new state, and the whole result."""
    result = submission.update_mean(state, x, **options)
    mean, state = result.unpack("mean, state")
    return mean.array("the mean that `update_mean` returns"), state, result


def mean_thread(submission: Submission, xs: np.ndarray) -> tuple[list[np.ndarray], list[Value]]:
    """The means of eager updates with the rows of xs, and every state on the way."""
    shape = xs.shape[1:]
    states, means = [submission.init_mean(shape) if shape else submission.init_mean()], []
    for x in xs:
        mean, state, _ = mean_step(submission, states[-1], x)
        means.append(mean)
        states.append(state)
    return means, states


def running(xs: np.ndarray) -> np.ndarray:
    """The mean of the first 1, 2, 3, ... rows."""
    counts = np.arange(1, len(xs) + 1).reshape(-1, *[1] * (xs.ndim - 1))
    return (np.cumsum(xs.astype(np.float64), axis=0) / counts).astype(np.float32)


def draw(inputs: np.random.Generator, *shape: int) -> np.ndarray:
    return inputs.uniform(0.5, 4.0, shape).astype(np.float32)


def means_right(means: list[np.ndarray], xs: np.ndarray, where: str, misconception: str = "") -> None:
    want = running(xs)
    for n, (got, right) in enumerate(zip(means, want, strict=True), 1):
        why = "The mean of n numbers is their sum divided by n; both the sum and n travel in the state."
        hint = "Thread two numbers by hand: what are sum, n and mean after each?"
        require_close(got, right, f"{where}, the mean after {n} number{'s' if n > 1 else ''}", why, hint, misconception)


@grades("running_mean", points=0.5)
def test_mean_of_all_so_far(submission, inputs):
    """Threaded through scalars, `update_mean` returns the mean of all numbers so far."""
    xs = draw(inputs, 5)
    means, _ = mean_thread(submission, xs)
    means_right(means, xs, "for scalars")


@grades("running_mean", points=0.25, needs=("mean_of_all_so_far",))
def test_mean_is_element_wise(submission, inputs):
    """For arrays the mean is taken element by element."""
    for shape in ((3,), (2, 4)):
        xs = draw(inputs, 4, *shape)
        means, _ = mean_thread(submission, xs)
        means_right(means, xs, "for arrays")


@grades("running_mean", points=0.25, needs=("mean_of_all_so_far",), evidence="observed")
def test_mean_is_pure(submission, inputs):
    """An old state gives the old mean again, no state is changed in place, and nothing is written elsewhere."""
    xs = draw(inputs, 4)
    means, states = mean_thread(submission, xs)
    for k in (2, 0, 1):
        again, _, result = mean_step(submission, states[k], Host(xs[k]), watch=True)
        purity.state_unchanged(result, "state")
        purity.wrote_nothing(result)
        said = "`update_mean` gave another mean for the same state and number than before."
        why, hint = (
            "Part of the state is kept somewhere else than in the argument.",
            "Compute everything from the arguments.",
        )
        require(close(again, means[k]), said, why, hint, "C10")


@grades("running_mean", points=0.25, needs=("mean_of_all_so_far",))
def test_mean_under_jit(submission, inputs):
    """The program that jit makes of `update_mean` agrees with it, from every state."""
    xs = draw(inputs, 5)
    means, states = mean_thread(submission, xs)
    program = submission.update_mean.program(states[1], xs[1])
    got = [program(states[k], xs[k]).unpack("mean, state")[0].array() for k in range(1, 5)]
    for k, mean in enumerate(got, 1):
        require_close(
            mean, means[k], f"under jit, the mean after {k + 1} numbers", FROZEN, "Use only the arguments.", "C01"
        )


@grades("running_mean", points=0.25, needs=("mean_of_all_so_far",))
def test_mean_in_scan(submission, inputs):
    """With scan's order of results, `update_mean` is a body for `jax.lax.scan`."""
    xs = draw(inputs, 7)
    state = submission.init_mean()
    means = submission.update_mean.program(state, xs, transform="scan")(state, xs).items[0].array()
    means_right(list(means), xs, "in a scan", "T01")


@grades("running_mean", points=0.25, needs=("mean_of_all_so_far",))
def test_mean_under_vmap(submission, inputs):
    """Mapped over several states and numbers at once, `update_mean` keeps them apart."""
    xs = draw(inputs, 4)
    means, states = mean_thread(submission, xs)
    group = tuple(states[1:4])
    got = submission.update_mean.program(group, xs[1:], transform="vmap")(group, xs[1:]).items[0].array()
    why, hint = "Each state of the batch has its own sum and its own n.", "Avoid Python decisions on the count."
    require_close(got, np.stack(means[1:]), "under vmap, the batch of means", why, hint, "T06")


@grades("running_mean", points=0.25, needs=("mean_of_all_so_far",))
def test_mean_gradient_is_one_over_n(submission, inputs):
    """The gradient of the n-th mean with respect to the n-th number is 1/n."""
    xs = draw(inputs, 4)
    _, states = mean_thread(submission, xs)
    program = submission.update_mean.program(xs[3], Fixed(states[3]), transform="grad_of_value_by_x")
    got = program(xs[3], Fixed(states[3])).array("the gradient")
    why = "The newest number enters the mean once, divided by n; NumPy and stop_gradient cut gradients off."
    require_close(got, np.float32(0.25), "the gradient of the fourth mean", why, "Use jnp for everything.", "G07")


# count_many


def single_steps(counter: Value, before: int, n: int) -> tuple[list[float], Value]:
    """The values of n eager steps after `before` others, and the state before them."""
    values, states = thread(counter, before + n)
    return values[before:], states[before]


def many(count_many: Function, state: Value, n: int) -> tuple[np.ndarray, Value, np.ndarray]:
    """Eager values and state of `count_many`, and the values of its program."""
    values, after = count_many(state, n).unpack("values, state")
    traced = count_many.program(state, n)(state, n).unpack("values, state")[0]
    return values.array("the `values` of count_many"), after, traced.array("the `values` of count_many")


def matches(submission: Submission, counter: Value, before: int, n: int, where: str) -> None:
    """`count_many` gives what n single steps give, eagerly and as a program, and a state that continues them."""
    want, state = single_steps(counter, before, n)
    eager, after, traced = many(submission.count_many, state, n)
    why = "Each value and the state must be what n calls of your own `count` would give."
    hint = "In lax.scan the body returns (carry, output): the state first, the value second."
    for got, how in ((eager, ""), (traced, " under jit")):
        require(
            got.shape == (n,), f"{where}, `values`{how} has shape {got.shape}; it should be {(n,)}.", why, hint, "T03"
        )
        require(
            integers(got.tolist()) == integers(want),
            f"{where}, `count_many`{how} gave {integers(got.tolist()[:4])}...; {n} single steps give {integers(want[:4])}...",
            why,
            hint,
            "T03",
        )
    value, _, _ = step(counter, after)
    following = single_steps(counter, before + n, 1)[0][0]
    said = f"{where}, one more step from the state that `count_many` returned gave {integers([value])[0]} instead of {integers([following])[0]}."
    require(value == following, said, "The returned state must be the one after n steps.", hint, "C07")


@grades("count_many", points=1)
def test_matches_single_steps(submission, counter, inputs):
    """n steps in one call give the values, and the state, of n single steps from `reset()`."""
    matches(submission, counter, 0, int(inputs.integers(5, 9)), "from reset()")


@grades("count_many", points=0.5, needs=("matches_single_steps",))
def test_continues_from_a_state(submission, counter, inputs):
    """`count_many` continues from any state reached by threading."""
    matches(submission, counter, int(inputs.integers(3, 6)), 4, "from a later state")


@grades("count_many", points=0.25, needs=("matches_single_steps",))
def test_zero_steps(submission, counter):
    """n = 0 gives no values and the state that came in."""
    matches(submission, counter, 2, 0, "for n = 0")


@grades("count_many", points=0.25, needs=("matches_single_steps",))
def test_program_does_not_grow(submission, counter):
    """The program is as large for 64 steps as for 4: the loop is inside it."""
    state = counter.method("reset")()
    small, large = (submission.count_many.program(state, n) for n in (4, 64))
    sizes = [len(p.traced.program) or 40 * p.equations for p in (small, large)]
    require(
        sizes[1] <= 1.2 * sizes[0] + 100,
        f"the program grows from {sizes[0]:,} to {sizes[1]:,} bytes when n goes from 4 to 64.",
        "A Python loop (or an unrolled scan) is written out step by step while jit traces.",
        "Let `jax.lax.scan` run the loop, with `length=n`.",
        "T10",
    )
