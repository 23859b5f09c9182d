"""The autograder of `counter`: is the state outside, does jit agree, can any old state be continued?"""

import numpy as np
import pytest

from autograders.checks import Failure, LimitHit, grades, purity, require
from autograders.checks.comparing import close, integers, require_close
from autograders.exercises.counter import telling
from autograders.exercises.counter.asking import (
    draw,
    many_steps,
    matches,
    mean_step,
    mean_thread,
    means_right,
    reset,
    scanned,
    step,
    stuck_mean,
    thread,
)
from autograders.exercises.counter.telling import FROZEN
from autograders.judge.arguments import Fixed, Host
from autograders.judge.handle import Submission
from autograders.judge.values import Value

STEPS = 6


# predict


def predicted(submission: Submission, name: str, want: list[int], why: str, hint: str) -> None:
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
    said = f"`{name}` is {got if len(got) > 1 else got[0] if got else 'empty'}; that is not what happens."
    require(got == want, said, why, hint, telling.rule_of(name, got))


@grades("predict", points=0.5)
def test_predicts_three_eager_calls(submission):
    """Three calls of `Counter().count` without jit are predicted.

    Why: without a right picture of plain Python, nobody can tell what jit changes in it.

    Blind to: how the numbers were found: running the code gives them too (`explain` asks for the reason).
    """
    why, hint = (
        "Without jit this is ordinary Python: each call adds one.",
        "Call count three times on paper, from n = 0.",
    )
    predicted(submission, "eager_calls", [1, 2, 3], why, hint)


@grades("predict", points=0.5)
def test_predicts_three_jitted_calls(submission):
    """Three calls of `jax.jit(c.count)` on a fresh counter are predicted.

    Why: who expects jit to count on trusts a compiled step that repeats its first answer for ever.

    Blind to: how the numbers were found: running the code gives them too (`explain` asks for the reason).
    """
    hint = "How often does `self.n += 1` run? Look at the jaxpr of c.count."
    predicted(submission, "jitted_calls", [1, 1, 1], FROZEN, hint)


@grades("predict", points=0.5)
def test_predicts_jitted_after_five_eager(submission):
    """What jit answers after five eager calls is predicted.

    Why: jit keeps the value of the moment in which it traces; who misses that cannot explain why an answer depends on
    what was called before.

    Blind to: how the numbers were found: running the code gives them too (`explain` asks for the reason).
    """
    hint = "Which value does c.n have at the moment when jit traces?"
    predicted(submission, "jitted_after_five_eager", [6, 6, 6], FROZEN, hint)


@grades("predict", points=0.5)
def test_predicts_n_on_the_object(submission):
    """What is left in `c.n` after three jitted calls is predicted.

    Why: a count, a log or a history that is kept on an object stands still under jit, without any error.

    Blind to: how the number was found: running the code gives it too (`explain` asks for the reason).
    """
    hint = "Tracing runs the body, `self.n += 1` included. How often did jit trace?"
    predicted(submission, "python_side_n", [1], FROZEN, hint)


# counter_v2


@pytest.fixture
def counter(submission: Submission) -> Value:
    return submission.CounterV2()


@grades("counter_v2", points=1)
def test_counts_up_when_threaded(submission, counter):
    """Called again and again with the state that it returned, `count` answers 1, 2, 3, ...

    Why: every later step starts from what the one before returned, so one wrong value or state spoils all that follow.

    Blind to: where the count is kept (`replay_gives_same_answer` sees that), what jit makes of it (`same_under_jit`),
    counts beyond 6, and the type of the value: 1.0 and an array of shape (1,) pass.
    """
    one, unbound = np.int32(0), submission.attribute("CounterV2", "count")
    with telling.another_static(("J09",), lambda: unbound(one, one), "the state and not `self`"):
        values, states = thread(counter, STEPS)
    if values == list(range(1, STEPS + 1)):
        return
    why, hint = "The value or the new state is off.", "Write down by hand what count(reset()) must return."
    misconception = ""
    if telling.counts_when_swapped(counter, states[0], STEPS):
        why, hint = "The new state comes first and the value second.", "Swap the two in `return`."
        misconception = "C23"
    elif len(set(values)) == 1 or telling.same_leaves(states[0], states[1]):
        why, hint, misconception = telling.standstill(counter, *states[:2])
    said = f"threading the state through {STEPS} calls gave {', '.join(map(str, integers(values)))}; it should count 1, 2, 3, ..."
    raise Failure(said, why, hint, misconception)


@grades("counter_v2", points=0.5, needs=("counts_up_when_threaded",))
def test_replay_gives_same_answer(submission, counter):
    """An old state gives the old answer again, new state included, and two interleaved counts do not mix.

    Why: a run is resumed or repeated by handing an old state in; with a part of it kept elsewhere, the answer depends
    on what was called meanwhile.

    Blind to: states later than the fifth; what is kept outside and never comes into a value or a state
    (`keeps_nothing_outside` sees that); what changes too slowly to show between two calls.
    """
    values, states = thread(counter, STEPS)
    for k in (3, 0, 4):
        again, after, result = step(counter, states[k], watch=True)
        holds = again == values[k] and telling.same_leaves(after, states[k + 1])
        numbers = f"{integers([values[k]])[0]} for a state, and {integers([again])[0]} for the same state later"
        said = (
            f"`count` answered {numbers}."
            if again != values[k]
            else "`count` returned another new state for the same state."
        )
        if not holds:
            raise Failure(said, *telling.hidden(result.wrote, counter, states[k]))
    other = submission.CounterV2()
    a, b = states[2], reset(other)
    for i in range(3):
        first, a, result = step(counter, a, watch=True)
        second, b, _ = step(other, b)
        want = values[2 + i], values[i]
        said = f"two counts, taken in turn, answered {integers([first, second])} instead of {integers(list(want))}."
        if (first, second) != want:
            raise Failure(said, *telling.hidden(result.wrote, counter, a))


@grades("counter_v2", points=0.25, needs=("counts_up_when_threaded",), evidence="observed")
def test_leaves_the_state_unchanged(counter):
    """Called without jit, `count` does not change the state it is given.

    Why: whoever kept the old state, for a checkpoint or a comparison, finds the new one in its place.

    Blind to: calls under jit, which rebuilds containers; states later than the fourth; the inside of an object that is
    no pytree.
    """
    _, states = thread(counter, 3)
    for state in states:
        purity.state_unchanged(step(counter, state)[2], "state")


@grades("counter_v2", points=0.25, needs=("counts_up_when_threaded",), evidence="observed")
def test_keeps_nothing_outside(counter):
    """`count` and `reset` write nothing to self, to the class, to a global, a default argument or a closure.

    Why: what a call leaves outside happens only once under jit, while it traces, and one run leaks into the next.

    Blind to: calls later than the third; attributes of modules, files, and the inside of objects of other people's
    classes; what lies more than five levels deep or beyond the 200th part of a container; what is
    put back before the call ends.
    """
    state = counter.method("reset")(watch=True)
    purity.wrote_nothing(state)
    for _ in range(3):
        given = state
        _, state, result = step(counter, given, watch=True)
        purity.wrote_nothing(result, lambda: counter.method("count").program(given, watch=True).wrote)


@grades("counter_v2", points=0.5, needs=("counts_up_when_threaded",))
def test_same_under_jit(counter):
    """The program that jit makes of `count` answers as `count` does, from every state reached by threading.

    Why: what does not come in as an argument is a constant of the program, and a decision of Python on a traced value
    raises.

    Blind to: the new state that the program returns (`counts_to_a_thousand` threads it), states later than the fifth,
    and how often jit compiles (`state_keeps_its_form`). Where the program calls back into Python, `count` itself is
    asked instead.
    """
    values, states = thread(counter, STEPS)
    count, programs = counter.method("count"), {}
    for k in (1, 0, 2, 3, 4):
        purity.jit_takes(states[k], "the state of `CounterV2`")
        if states[k].tree not in programs:
            programs[states[k].tree] = count.program(states[k], watch=True)
        got = programs[states[k].tree](states[k]).unpack("value, n")[0].number()
        if got != values[k]:
            said = f"under jit `count` answered {integers([got])[0]} for a state where it answers {integers([values[k]])[0]} without jit."
            why, misconception = telling.frozen(programs[states[k].tree], states[k])
            hint = "Take the count from the argument `n`, and return the new one."
            raise Failure(said, FROZEN + " " + why, hint, misconception)


@grades("counter_v2", points=0.25, needs=("counts_up_when_threaded",))
def test_state_keeps_its_form(counter):
    """From step to step the state keeps its tree structure, shapes and dtypes, and jit can take it.

    Why: jit compiles anew for each form of its arguments, and scan refuses a carry that changes its own.

    Blind to: steps under jit, and those later than the sixth; what the first step makes of a Python number; 64 bits in
    the place of 32.
    """
    _, states = thread(counter, STEPS)
    purity.same_form(states, "the state of `CounterV2`")


@grades("counter_v2", points=0.25, needs=("replay_gives_same_answer",))
def test_counts_to_a_thousand(counter):
    """Threaded on and on, the count is still right at 1,000.

    Why: a number type that is too small wraps around, a table ends.

    Blind to: anything beyond 1,000, such as the end of int16; where `count` cannot be traced, or its program answers
    otherwise, anything beyond 100.
    """
    values, program = many_steps(counter)
    wrong = next((i for i, value in enumerate(values) if value != values[0] + i), None)
    if wrong is not None:
        right = integers([values[0] + wrong])[0]
        said = f"the count is right at first, but where {right} should come it answered {integers([values[wrong]])[0]}."
        raise Failure(said, *telling.beyond(values, wrong, program))


# running_mean


@grades("running_mean", points=0.5)
def test_mean_of_all_so_far(submission, inputs):
    """Threaded through scalars, `update_mean` returns the mean of all numbers so far.

    Why: a state that lacks what the mean is made of cannot tell how much the next number weighs.

    Blind to: negative, zero and large numbers, for five between 0.5 and 4 are tried; Python floats; errors below 0.02
    %, or 3 % where the mean comes in half precision.
    """
    xs = draw(inputs, 5)
    means, states = mean_thread(submission, xs)
    stuck_mean(submission, means, states, xs)
    means_right(means, xs, "for scalars")


@grades("running_mean", points=0.25, needs=("mean_of_all_so_far",))
def test_mean_is_element_wise(submission, inputs):
    """For arrays the mean is taken element by element.

    Why: gradients and losses come as arrays; a mean that mixes their elements, or loses their shape, is of no use for
    them.

    Blind to: shapes other than (3,) and (2, 4), the empty ones among them; more than four arrays; numbers that are not
    between 0.5 and 4.
    """
    for shape in ((3,), (2, 4)):
        xs = draw(inputs, 4, *shape)
        means, _ = mean_thread(submission, xs)
        means_right(means, xs, "for arrays")


@grades("running_mean", points=0.25, needs=("mean_of_all_so_far",), evidence="observed")
def test_mean_is_pure(submission, inputs):
    """An old state gives the old mean and the old new state again, nothing given is changed, nothing written elsewhere.

    Why: what is kept elsewhere enters the next mean, and nobody can go on from an old state.

    Blind to: arrays, for scalars alone are tried; differences below 0.02 %; what `keeps_nothing_outside` cannot see
    either.
    """
    xs = draw(inputs, 4)
    means, states = mean_thread(submission, xs)
    purity.wrote_nothing(submission.init_mean(watch=True))
    for k in (2, 0, 1):
        again, after, result = mean_step(submission, states[k], Host(xs[k]), watch=True)
        purity.state_unchanged(result, "state")
        purity.wrote_nothing(result)
        same = close(again, means[k]) and telling.close_leaves(after, states[k + 1])
        said = "`update_mean` gave another mean or another state for the same state and number than before."
        require(same, said, telling.HOST, "Compute everything from the arguments.", "C17")


@grades("running_mean", points=0.5, needs=("mean_of_all_so_far",))
def test_mean_under_jit(submission, inputs):
    """The program that jit makes of `update_mean` agrees with it, from every state and as the body of a scan.

    Why: a decision of Python, NumPy, or a carry that changes its form cannot be compiled.

    Blind to: arrays of more than one axis, scans of more than seven numbers, errors below 0.02 %. Where a program calls
    back into Python, `update_mean` itself is asked instead.
    """
    xs = draw(inputs, 5)
    means, states = mean_thread(submission, xs)
    programs = {}
    for k in range(1, 5):
        purity.jit_takes(states[k], "the state of `update_mean`")
        if states[k].tree not in programs:
            programs[states[k].tree] = submission.update_mean.program(states[k], xs[k], watch=True)
        program = programs[states[k].tree]
        got = program(states[k], xs[k]).unpack("mean, state")[0].array()
        if not close(got, means[k]):
            why, misconception = telling.frozen(program, states[k], xs[k])
            name = f"under jit, the mean after {k + 1} numbers"
            require_close(got, means[k], name, FROZEN + " " + why, "Use only the arguments.", misconception)
    for shape in ((), (3,)):
        scanned(submission, draw(inputs, 7, *shape))


@grades("running_mean", points=0.25, needs=("mean_of_all_so_far",))
def test_mean_under_vmap(submission, inputs):
    """Mapped over several states and numbers at once, `update_mean` keeps them apart.

    Why: with vmap one step serves many streams at once; one that decides on a single state cannot, or mixes them.

    Blind to: the states that come back, batches of arrays, the state before the first number, and batches of other
    sizes than three.
    """
    xs = draw(inputs, 4)
    means, states = mean_thread(submission, xs)
    for state in states:
        purity.jit_takes(state, "the state of `update_mean`")
    purity.same_tree(states, "the state of `update_mean`")
    group = tuple(states[1:4])
    with telling.in_a_batch():
        got = submission.update_mean.program(group, xs[1:], transform="vmap")(group, xs[1:]).items[0].array()
    why, hint = "Each state of the batch has its own sum and its own n.", "Avoid Python decisions on the count."
    require_close(got, np.stack(means[1:]), "under vmap, the batch of means", why, hint)


@grades("running_mean", points=0.25, needs=("mean_of_all_so_far",))
def test_mean_gradient_is_one_over_n(submission, inputs):
    """The gradient of the n-th mean with respect to the n-th number is 1/n.

    Why: rounding, whole numbers or a stop_gradient on the way cut the gradient off, and nothing before the mean can
    learn.

    Blind to: other places than the fourth, arrays, and the gradient with respect to the state.
    """
    xs = draw(inputs, 4)
    _, states = mean_thread(submission, xs)
    with telling.numpy_cuts_gradients():
        program = submission.update_mean.program(xs[3], Fixed(states[3]), transform="grad_of_value_by_x")
    got = program(xs[3], Fixed(states[3])).array("the gradient")
    why = "The newest number enters the mean once, divided by n. Rounding, whole numbers and stop_gradient cut gradients off."
    hint = "Let x itself go into the sum, unchanged."
    require_close(got, np.float32(0.25), "the gradient of the fourth mean", why, hint)


# count_many


@grades("count_many", points=1)
def test_matches_single_steps(submission, counter, inputs):
    """n steps in one call give the values, and the state, of n single steps from `reset()`.

    Why: many steps in one program are worth having only if they are the steps that one would take singly.

    Blind to: more than eight steps; the state that comes back under jit, and without jit all of it but the
    value of one more step; the type of the values (floats pass); what `count_many` writes elsewhere. The single steps
    are taken with the learner's own `count`.
    """
    matches(submission, counter, 0, int(inputs.integers(5, 9)), "from reset()")


@grades("count_many", points=0.5, needs=("matches_single_steps",))
def test_continues_from_a_state(submission, counter, inputs):
    """`count_many` continues from any state reached by threading.

    Why: a loop that starts over, or takes its index for the state, is right from `reset()` and wrong from everywhere
    else.

    Blind to: other states than those after two to five steps, other n than 4 and 1, and what `matches_single_steps` cannot
    see either.
    """
    matches(submission, counter, int(inputs.integers(3, 6)), 4, "from a later state")
    matches(submission, counter, 2, 1, "for n = 1")


@grades("count_many", points=0.25, needs=("matches_single_steps",))
def test_zero_steps(submission, counter):
    """n = 0 gives no values and the state that came in.

    Why: a loop without a round does occur, and what takes a first or last step for granted breaks there.

    Blind to: other states than the one after two steps, and the type of the empty values.
    """
    try:
        matches(submission, counter, 2, 0, "for n = 0")
    except LimitHit:
        raise
    except Failure as failure:  # for more steps all is right
        why = f"{failure.why} No steps at all are a case of their own: `fori_loop` traces its body even then."
        raise Failure(
            failure.what, why, "Look at every place that takes for granted that there is a first step.", "D07"
        ) from failure


@grades("count_many", points=0.25, needs=("matches_single_steps",))
def test_program_does_not_grow(submission, counter):
    """The program is hardly larger for 256 steps than for 64: the loop is inside it.

    Why: a Python loop is written out step by step, so that compiling takes longer and longer.

    Blind to: growth by up to a half from 64 steps to 256; a scan that is unrolled by a fixed number of steps, which is
    as good as one that is not.
    """
    state = reset(counter)
    small, large = (submission.count_many.program(state, n) for n in (64, 256))
    sizes = [len(p.traced.program) or 40 * p.equations for p in (small, large)]
    require(
        sizes[1] <= 1.5 * sizes[0],
        f"the program grows from {sizes[0]:,} to {sizes[1]:,} bytes when n goes from 64 to 256.",
        "A Python loop (or an unrolled scan) is written out step by step while jit traces.",
        "Let `jax.lax.scan` run the loop, with `length=n`.",
        "T10",
    )
