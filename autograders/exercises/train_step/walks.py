"""Some steps of a learner's in a row, beside those that Adam would have done."""

import dataclasses

import numpy as np

from autograders.checks import training
from autograders.exercises.train_step.asking import Batch, OwnLoss, params_of, require_net, step
from autograders.judge.handle import Submission
from autograders.judge.values import Value

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

    def shrinks(self) -> float:
        """How much of themselves the parameters lose in each step beside Adam's update, divided by the rate."""
        rest = [x for move in self.moves for x in move.rest]
        return -training.along(rest, [x for move in self.moves for x in move.params]) / training.ADAM["rate"]


def difference(after: Leaves, before: Leaves) -> Leaves:
    return [a.astype(np.float64) - b.astype(np.float64) for a, b in zip(after, before, strict=True)]
