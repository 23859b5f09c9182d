"""Which mistake is it, when a step does not move the parameters as Adam does, or is compiled again and again?"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from autograders.checks import Failure, bands, purity, training
from autograders.exercises.train_step.asking import Batch, OwnLoss, params_of, require_net, step
from autograders.judge.handle import Program, Submission
from autograders.judge.values import Value
from autograders.learner.messages import Place

UPDATE = bands.Band("update", 2e-2)
DECAY = bands.Band("decay", 2e-5)
PACE = bands.Band("pace", 1e-4)
A_STEP = "A step is: gradient of the loss, `tx.update` with the optimizer state of the step before, `apply_updates`."
SAME = 1e-3  # relative distance up to which a wrong update is taken for one that is known

Leaves = list[np.ndarray]


@dataclasses.dataclass
class Move:
    """One step of the learner's: where it started, what it did to the parameters, and what Adam would have done."""

    number: int
    batch: Batch
    before: Value
    after: Value
    params: Leaves
    got: Leaves
    want: Leaves
    fresh: Leaves
    grads: Leaves

    @property
    def rest(self) -> Leaves:
        return [g - w for g, w in zip(self.got, self.want, strict=True)]

    @property
    def pace(self) -> float:
        """By which part of an update the step is too long or too short."""
        return training.along(self.rest, self.want)

    @property
    def stands(self) -> bool:
        return not any(np.any(g) for g in self.got)


class Walk:
    """Some steps in a row, beside those of Adam on the learner's own gradients."""

    def __init__(self, submission: Submission, state: Value, batches: list[Batch], inputs: np.random.Generator):
        self.submission, self.start, self.batches = submission, state, batches
        self.own = OwnLoss(submission, params_of(submission, state), batches[0], inputs)
        self.adam, self.moves = training.Adam(), []

    def go(self) -> "Walk":
        """Takes the steps one by one."""
        state, params = self.start, params_of(self.submission, self.start)
        for number, batch in enumerate(self.batches, 1):
            grads = self.own(params.leaves, batch)[1]
            after = step(self.submission, state, batch)[0]
            moved = params_of(self.submission, after)
            require_net(moved, "the state that `train_step` returns")
            want, fresh = self.adam.update(grads), training.Adam().update(grads)
            got = difference(moved.leaves, params.leaves)
            self.moves.append(Move(number, batch, state, after, params.leaves, got, want, fresh, grads))
            state, params = after, moved
        return self

    def require_adam(self) -> None:
        """Every step is Adam's, at its rate, and nothing else pulls at the parameters."""
        for move in self.moves:
            if not UPDATE.holds(training.distance(move.got, move.want)):
                raise wrong_move(self, move)
        if not DECAY.holds(abs(self.shrinks())):
            raise shrinking(self.shrinks())
        last = max(self.moves, key=lambda move: abs(move.pace))
        if not PACE.holds(abs(last.pace)):
            raise next(_other_rate(self, last), None) or another_rule(last)

    def shrinks(self) -> float:
        """How much of themselves the parameters lose in each step beside Adam's update, divided by the rate."""
        rest = [x for move in self.moves for x in move.rest]
        return -training.along(rest, [x for move in self.moves for x in move.params]) / training.ADAM["rate"]


def difference(after: Leaves, before: Leaves) -> Leaves:
    return [a.astype(np.float64) - b.astype(np.float64) for a, b in zip(after, before, strict=True)]


def _length(leaves: Leaves) -> float:
    return float(np.sqrt(sum(np.sum(x**2) for x in leaves)))


def near(got: Leaves, want: Leaves, most: float = SAME) -> bool:
    return training.distance(got, want) <= most


def wrong_move(walk: Walk, move: Move) -> Failure:
    """Says what the step did instead, where that can be told."""
    if move.stands:
        return _no_move(walk, move) if all(each.stands for each in walk.moves) else _pauses(walk)
    return next(_told(walk, move), None) or Failure(
        f"in step {move.number}, the parameters moved by something that is {training.distance(move.got, move.want):.2g} "
        "of an update away from what Adam gives.",
        A_STEP,
        "Use the given `tx`, once in each step, and the gradient of your `loss_fn` on this batch.",
    )


def _told(walk: Walk, move: Move) -> Iterator[Failure]:
    """What the step did instead, from the plainest to the least plain."""
    yield from _outside(walk)
    yield from _signs(walk, move)
    yield from _ignores(walk, move)
    yield from _forgets(walk, move)
    yield from _other_rate(walk, move)
    yield from _other_optimizer(walk, move)


def _outside(walk: Walk) -> Iterator[Failure]:
    """Does something outside the state enter the step?"""
    first, batch = walk.moves[0], walk.batches[0]
    if not all(
        near(_after(walk, m.before, m.batch), params_of(walk.submission, m.after).leaves, 1e-5) for m in walk.moves
    ):
        yield moves_on(step(walk.submission, first.before, batch, watch=True)[2])
    wrote = step(walk.submission, first.before, batch, watch=True)[2].wrote
    program = _program(walk)
    if wrote and program and program.traced.program != _program(walk).traced.program:
        yield Failure(
            f"every call changes {wrote[0].path}, but the compiled step still uses its first value.",
            "jit reads a global once, while it traces, and bakes its value into the program.",
            "Put what changes from step to step into the state.",
            "C04",
        )


def moves_on(result: Value) -> Failure:
    """The same step from the same state gave something else than before."""
    why, misconception = "Something outside the state has moved on, and enters the step.", "C04"
    said = "a step, done again from the same state on the same batch, gave other parameters than before."
    if result.wrote:
        why, misconception = purity.reason(result.wrote)
        said += f" It writes to {result.wrote[0].path}."
    return Failure(said, why, "Keep all that the next step needs in the state, the optimizer state too.", misconception)


def _signs(walk: Walk, move: Move) -> Iterator[Failure]:
    if near(move.got, [-w for w in move.want]):
        subtracts = "sub" in _makers(walk)
        yield Failure(
            "the parameters move up the gradient: the loss rises.",
            "The updates that an optimizer of optax gives carry their minus sign already; here they are subtracted."
            if subtracts
            else "What is added to the parameters points up the gradient.",
            "`optax.apply_updates` adds. Look for a minus sign that is missing, or that is there twice.",
            "P07" if subtracts else "P08",
        )
    if near(move.got, move.grads):
        yield Failure(
            "the raw gradient was added to the parameters: a large step, and uphill.",
            A_STEP,
            "What you add must come out of `tx.update`.",
            "P06",
        )


def _ignores(walk: Walk, move: Move) -> Iterator[Failure]:
    """Does the result depend on the state, and on the batch?"""
    other = {"image": move.batch["image"][::-1] / 2, "label": (move.batch["label"] + 3) % 10}
    after, elsewhere = (_after(walk, move.before, batch) for batch in (move.batch, other))
    if near(elsewhere, after, 1e-6):
        yield Failure(
            "two different batches move the parameters in the same way.",
            "The gradient is taken on another batch than the one that is given: one from outside, which jit has baked in.",
            "Use the batch that comes in, in the function that is differentiated too.",
            "G18",
        )
    apart = difference(_after(walk, move.after, move.batch), after)
    if move.number == 1 and _length(apart) < 0.1 * _length(move.got):
        yield Failure(
            "the new parameters do not depend on those that came in.",
            "Parameters that are made inside the step are the same in every step: nothing is ever learnt.",
            "Initialise once, in `create_state`, and let the step take its parameters from the state.",
            "P15",
        )


def _after(walk: Walk, state: Value, batch: Batch) -> Leaves:
    return params_of(walk.submission, step(walk.submission, state, batch)[0]).leaves


def _forgets(walk: Walk, move: Move) -> Iterator[Failure]:
    if move.number == 1 or not near(move.got, move.fresh, 2e-2):
        return
    memory = [(a, b) for a, b in _memory(walk, move)]
    dropped = bool(memory) and all(np.array_equal(a, b) for a, b in memory)
    yield Failure(
        f"step {move.number} was done with a fresh optimizer state: what Adam learnt in the steps before is lost.",
        "`tx.update` gives a new optimizer state too; the state that is returned holds the old one."
        if dropped
        else "The optimizer is initialised anew in the step, so every step is its first.",
        "Let the optimizer state travel in the state: taken out, brought up to date, and put back.",
        "P04" if dropped else "P05",
    )


def _memory(walk: Walk, move: Move) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What the state holds beside the parameters, before and after: arrays of more than one number."""
    shapes = [leaf.shape for leaf in move.params]
    sizes = {sum(int(np.prod(s)) for s in shapes), *(int(np.prod(s)) for s in shapes)}
    params = {np.asarray(leaf).tobytes() for leaf in move.params}
    for a, b in zip(move.before.leaves, move.after.leaves, strict=True):
        if getattr(a, "size", 0) in sizes and np.asarray(a).tobytes() not in params:
            yield a, b


def _other_rate(walk: Walk, move: Move) -> Iterator[Failure]:
    """Every step points where Adam's does, and only its length is another."""
    for each in walk.moves:
        off = training.distance(each.got, each.want)
        if 1 + each.pace <= 0 or not near(each.got, [(1 + each.pace) * w for w in each.want], max(0.1 * off, 2e-5)):
            return
    times, number = 1 + move.pace, move.number
    if _counted(move, 2):
        yield _two_steps(number)
    rate = training.ADAM["rate"]
    yield Failure(
        f"in step {number}, the parameters moved {times:.5g} times as far as with the given `tx`: a rate of "
        f"{times * rate:.4g} instead of {rate:g}.",
        "The steps are those of Adam, with a learning rate of their own.",
        "Use the `tx` that the notebook gives, as it is.",
        "P17",
    )


def _two_steps(number: int) -> Failure:
    said = f"in step {number}, the parameters moved farther than they should, and the optimizer counted two steps."
    return Failure(said, A_STEP, "One call is one step: update once.")


def _counts(leaf: object) -> bool:
    return getattr(leaf, "size", 0) == 1 and np.issubdtype(getattr(leaf, "dtype", float), np.integer)


def _other_optimizer(walk: Walk, move: Move) -> Iterator[Failure]:
    """Right gradients and another rule: every parameter moves against its gradient, or shrinks where it has none."""
    first, counts = walk.moves[0], [_counted(each, 2) for each in walk.moves]
    if all(counts):
        yield _two_steps(move.number)
    if all(np.all((g * d <= 0) | (np.abs(d) < 1e-6)) for g, d in zip(first.got, first.grads, strict=True)):
        yield another_rule(move)
    still = [(g[d == 0], p[d == 0]) for g, d, p in zip(first.got, first.grads, first.params, strict=True)]
    if any(np.any(g) for g, _ in still) and all(np.all(g * p <= 0) for g, p in still):
        yield Failure(
            f"in step {move.number}, parameters whose gradient is 0 moved as well, all of them towards 0.",
            "That is a weight decay: a part of the parameters is added to their gradients.",
            "Use the `tx` that the notebook gives, as it is: nothing before it, nothing after it.",
            "P24",
        )


def another_rule(move: Move) -> Failure:
    return Failure(
        f"step {move.number} is not Adam's: it is {training.distance(move.got, move.want):.2g} of an update away.",
        "The steps go down the gradient of your loss, but by another rule, or with other numbers in it.",
        "Use the `tx` that the notebook gives, as it is: nothing before it, nothing after it.",
        "P24",
    )


def _pauses(walk: Walk) -> Failure:
    numbers = ", ".join(str(move.number) for move in walk.moves if move.stands)
    why = "The optimizer gathers gradients, and moves the parameters only every few calls."
    said = f"of {len(walk.moves)} steps, number {numbers} did not change the parameters."
    return Failure(said, why, "Use the `tx` that the notebook gives, as it is: every call is a step.", "P24")


def _no_move(walk: Walk, move: Move) -> Failure:
    said = f"in step {move.number}, the parameters did not change at all."
    memory = list(_memory(walk, move))
    moved = [b for a, b in memory if not np.array_equal(a, b)]
    program = _program(walk)
    unused = set(program.unused) if program else set()
    if memory and not moved and _counted(move):
        return Failure(
            said,
            "The gradient that reached the optimizer is zero everywhere, although that of `loss_fn` is not: what is "
            "differentiated does not use the parameters it is given.",
            "Look at the function inside `jax.grad`: does it use its own argument, or something from outside?",
            "G07",
        )
    why, hint = "A new state is made and dropped: nothing is changed by a call alone.", "Return what has been made."
    if any(name.startswith("scatter") for name in unused):
        why, hint, misconception = (
            "`x.at[...].add(...)` gives a new array and leaves x as it is; here nobody takes the new one.",
            "Give the result a name, and go on with it.",
            "C13",
        )
    elif moved and not unused & {"add", "sub"}:
        why, hint, misconception = "The updates are never added to the parameters.", "Apply them.", "P01"
    elif moved:
        why = "New parameters are made, and the old ones are returned beside the new optimizer state."
        hint, misconception = "Return what has been made.", "P03"
    elif program and "sqrt" not in program.operations:
        why, hint, misconception = (
            "The gradient is computed, and no optimizer ever sees it.",
            "After the gradient comes the update.",
            "P01",
        )
    else:
        misconception = "P02"
    return Failure(said, why, hint, misconception)


def _counted(move: Move, steps: int = 1) -> bool:
    """Whether the optimizer counted so many steps."""
    pairs = zip(move.before.leaves, move.after.leaves, strict=True)
    return any(_counts(a) and int(b) == int(a) + steps for a, b in pairs)


def _program(walk: Walk) -> Program | None:
    """The program of the step, traced anew, where it can be traced."""
    try:
        return walk.submission.train_step.program(walk.start, walk.batches[0], again=True)
    except Failure:
        return None


def _makers(walk: Walk) -> set[str]:
    """The operations that make the new parameters, where the program can be traced."""
    program = _program(walk)
    if program is None:
        return set()
    shapes = {leaf.shape for leaf in walk.moves[0].params}
    outputs = zip(program.result.leaves, program.traced.makers, strict=False)  # as many as the learner's process says
    return {maker for leaf, maker in outputs if leaf.shape in shapes}


def traces_again(submission: Submission, states: list[Value], batch: Batch, said: str) -> Failure:
    """Why jit compiles anew, as was said: another state each time, or another function."""
    last, after = states[-2], states[-1]
    replays = [step(submission, last, batch)[2].traces for _ in range(2)]
    if replays[1]:
        return Failure(
            said,
            "The same call with the same state is traced anew each time: each call makes a new function, and jit knows "
            "functions by their identity.",
            "Make the jitted function once, outside of the function that is called again and again.",
            "J14",
        )
    form = [leaf.shape for leaf in last.leaves], [leaf.dtype for leaf in last.leaves]
    if form != ([leaf.shape for leaf in after.leaves], [leaf.dtype for leaf in after.leaves]):
        return Failure(
            said,
            "The state that comes out has another form than the one that went in (another tree, shape or dtype), and jit "
            "compiles for one form.",
            "Return a state built exactly like the one that came in.",
            "F03",
        )
    if last.tree != after.tree:
        return Failure(
            said,
            "A part of the state that jit takes for fixed changes at every step, such as a static field.",
            "Let what changes be an array in the state.",
            "C22",
        )
    return Failure(
        said,
        "jit compiles anew for each value of a static argument, and one of them changes at every step.",
        "Let everything that changes be an ordinary argument.",
        "J13",
    )


def shrinking(decay: float) -> Failure:
    """Adam's steps, and something that pulls the parameters to zero (or away from it)."""
    return Failure(
        f"beside Adam's update, every step takes {training.ADAM['rate'] * decay:.2g} of themselves from the parameters.",
        f"That is a weight decay of {decay:.2g}: another optimizer than the given one, such as adamw.",
        "Use the `tx` that the notebook gives, as it is.",
        "P24",
    )


def calls_back(submission: Submission, state: Value, batch: Batch, calls: tuple[str, ...]) -> Failure:
    """The program calls Python while it runs: to print, or to collect something?"""
    result = step(submission, state, batch, watch=True)[2]
    grew = [place for place in result.wrote if place.grew or place.kind in ("list", "array", "numpy array", "float")]
    misconception = "J17" if result.printed else "P21" if grew else ""
    return Failure(
        f"the program of `train_step` calls back into Python ({', '.join(calls)}).",
        "Such a step is no pure function: it does something beside giving its results.",
        "Remove what prints or collects inside the step; whoever calls it gets the loss, and can do both.",
        misconception,
    )


def left_behind(place: Place) -> Failure:
    """Tracing left a tracer in a place that outlives the call: in a list, on an object, in a global."""
    return Failure(
        f"while JAX traced `train_step`, a traced value was stored in {place.path}, where it stays.",
        "The body of a jitted function runs once, on stand-ins for the values; what it stores is a stand-in, and no number.",
        "Return what you want to keep.",
        "C05" if place.grew else "C06" if "." in place.path else "C25",
    )


def bakes_in(wrote: Sequence[Place]) -> Failure:
    """Two traces gave two programs: something from outside is a constant in them."""
    why, misconception = "Something from outside is baked into the program, and it was another the second time.", ""
    if any(place.kind == "random" for place in wrote):
        why, misconception = (
            "Numbers of NumPy's or Python's generator are drawn while JAX traces, and stay the same.",
            "R06",
        )
    elif wrote:
        why, misconception = purity.reason(wrote)
    what = "two traces of `train_step` gave two different programs."
    return Failure(what, why, "Let everything that changes come in with the state or the batch.", misconception)
