"""Which mistake is it, when a step does not move the parameters as Adam does?"""

from collections.abc import Iterator

import numpy as np

from autograders.checks import Failure, bands, training
from autograders.exercises.train_step.asking import Batch, params_of, step
from autograders.exercises.train_step.jitted import moves_on
from autograders.exercises.train_step.walks import Leaves, Move, Walk, difference
from autograders.judge.handle import Program
from autograders.judge.values import Value

UPDATE = bands.Band("update", 2e-2)
DECAY = bands.Band("decay", 2e-5)
PACE = bands.Band("pace", 1e-4)
A_STEP = "A step is: gradient of the loss, `tx.update` with the optimizer state of the step before, `apply_updates`."
SAME = 1e-3  # relative distance up to which a wrong update is taken for one that is known


def require_adam(walk: Walk) -> None:
    """Every step is Adam's, at its rate, and nothing else pulls at the parameters."""
    for move in walk.moves:
        if not UPDATE.holds(training.distance(move.got, move.want)):
            raise wrong_move(walk, move)
    if not DECAY.holds(abs(walk.shrinks())):
        raise shrinking(walk.shrinks())
    last = max(walk.moves, key=lambda move: abs(move.pace))
    if not PACE.holds(abs(last.pace)):
        raise next(_other_rate(walk, last), None) or another_rule(last)


def _length(leaves: Leaves) -> float:
    return float(np.sqrt(sum(np.sum(x**2) for x in leaves)))


def _near(got: Leaves, want: Leaves, most: float = SAME) -> bool:
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
        _near(_after(walk, m.before, m.batch), params_of(walk.submission, m.after).leaves, 1e-5) for m in walk.moves
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


def _signs(walk: Walk, move: Move) -> Iterator[Failure]:
    if _near(move.got, [-w for w in move.want]):
        subtracts = "sub" in _makers(walk)
        yield Failure(
            "the parameters move up the gradient: the loss rises.",
            "The updates that an optimizer of optax gives carry their minus sign already; here they are subtracted."
            if subtracts
            else "What is added to the parameters points up the gradient.",
            "`optax.apply_updates` adds. Look for a minus sign that is missing, or that is there twice.",
            "P07" if subtracts else "P08",
        )
    if _near(move.got, move.grads):
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
    if _near(elsewhere, after, 1e-6):
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
    if move.number == 1 or not _near(move.got, move.fresh, 2e-2):
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
        if 1 + each.pace <= 0 or not _near(each.got, [(1 + each.pace) * w for w in each.want], max(0.1 * off, 2e-5)):
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


def shrinking(decay: float) -> Failure:
    """Adam's steps, and something that pulls the parameters to zero (or away from it)."""
    return Failure(
        f"beside Adam's update, every step takes {training.ADAM['rate'] * decay:.2g} of themselves from the parameters.",
        f"That is a weight decay of {decay:.2g}: another optimizer than the given one, such as adamw.",
        "Use the `tx` that the notebook gives, as it is.",
        "P24",
    )
