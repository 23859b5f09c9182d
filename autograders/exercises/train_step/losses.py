"""Is a loss the mean cross-entropy; and if not, which other loss is it?"""

import contextlib
import copy
from collections.abc import Iterable, Iterator

import numpy as np

from autograders.checks import Failure, dense, training
from autograders.checks.comparing import HALF
from autograders.exercises.train_step.asking import BATCH, SIZES, Batch
from autograders.judge.handle import Program, Submission
from autograders.judge.values import Value

MEAN_OVER_IMAGES = "The loss of a batch is the mean over its images of -log p(label), with p the softmax of the logits."
SHIFT = 200  # added to all logits of an image: it changes no probability, and exp(200) overflows in float32


RETURNED = "what `loss_fn` returns"
SAME = 2e-3  # relative difference up to which a wrong loss is taken for one that is known


def near(got: float, want: float, most: float = HALF.limit, least: float = 0.1) -> bool:
    """Whether two losses are the same number; `least` is the size below which errors are absolute."""
    return error(got, want, least) <= most


def error(got: float, want: float, least: float = 0.1) -> float:
    """How far two losses are apart, as a part of the size of the second."""
    return float(abs(got - want) / max(abs(want), least)) if np.isfinite(got) else np.inf


class Tried:
    """A `loss_fn` on a batch, with parameters of our own; it can be tried on others as well."""

    def __init__(self, submission: Submission, params: Value, leaves: list[np.ndarray], batch: Batch):
        try:
            self.program = _program(submission, params, batch)
            self.leaves, self.batch = leaves, batch
            self.got = self.on()
        except Failure as failure:
            raise _refused(failure, submission, params, batch) from None
        self.layers = dense.layers_of(leaves, SIZES)
        self.want = training.loss(self.layers, batch)

    def on_another(self, batch: Batch, leaves: list[np.ndarray] | None = None) -> "Tried":
        """The same program on another batch of this size, with other parameters too if they are given."""
        tried = copy.copy(self)
        tried.batch, tried.leaves = batch, leaves or self.leaves
        tried.layers, tried.got = dense.layers_of(tried.leaves, SIZES), tried.on()
        tried.want = training.loss(tried.layers, batch)
        return tried

    def on(self, leaves: list[np.ndarray] | None = None, **rows: np.ndarray) -> float:
        """The loss with other parameters, images or labels."""
        result = self.program(leaves or self.leaves, {**self.batch, **rows})
        return (result.items[0] if self.program.transform else result).number(RETURNED)

    def agrees(self) -> bool:
        """Whether the loss is the mean cross-entropy; an error is a part of it, or of 2 where it is smaller than that."""
        return HALF.holds(error(self.got, self.want, 2))

    def failure(self) -> Failure:
        """Which loss it is instead."""
        return self._extreme() if self.want > 50 else self._other_loss()

    def _other_loss(self) -> Failure:
        number = f"{self.got:.4g}; the mean cross-entropy is {self.want:.4g}"
        said, misconception = next(self._known(), (number, ""))
        what = f"on a batch of {len(self.batch['label'])}, `loss_fn` returned {said}."
        return Failure(what, MEAN_OVER_IMAGES, "Work the loss of one image out by hand, and compare.", misconception)

    def _known(self) -> Iterator[tuple[str, str]]:
        """What this is instead, as far as it can be told: by its value, or by how it follows what goes in.

        Two values can agree by chance, so everything is tried on other parameters and another batch as well.
        """
        images, labels = self.batch["image"], self.batch["label"]
        leaves = [-leaf[::-1] for leaf in self.leaves]
        other = {"image": images[::-1] / 2, "label": (labels + 3) % 10}
        layers, elsewhere = dense.layers_of(leaves, SIZES), self.on(leaves, **other)
        values = _values(dense.mlp(self.layers, images), labels)
        again = _values(dense.mlp(layers, other["image"]), other["label"])
        for (said, first, misconception), (_, second, _) in zip(values, again, strict=True):
            if near(self.got, first, SAME, 0.01) and near(elsewhere, second, SAME, 0.01):
                yield said, misconception
        if self.on(**other) == self.got:
            yield "the same for two different batches: it does not use the batch that it is given", "G18"
        if self.on(leaves) == self.got:
            yield "the same for two different sets of parameters: it does not use those that it is given", "G07"
        eights = np.clip(labels, 1, 8)
        for shift in (-1, 1):
            want = training.loss(self.layers, {"image": images, "label": eights + shift})
            if near(self.on(label=eights), want, SAME):
                yield _shifted(shift, bool(np.isfinite(self.got)))
        ratio, there = self.got / self.want, elsewhere / training.loss(layers, other)
        if np.isfinite(ratio) and abs(there / ratio - 1) < SAME:
            yield f"{ratio:.3g} times the mean cross-entropy", "G12" if ratio > 0 else "P08"

    def _extreme(self) -> Failure:
        """Logits of 200: does the exponential overflow, or has a probability become 0?"""
        small = [leaf / 10 for leaf in self.leaves]
        *hidden, (kernel, bias) = dense.layers_of(small, SIZES)
        moved = dense.leaves_like([*hidden, (kernel, bias + np.float32(SHIFT))], small)
        overflows = not near(self.on(moved), training.loss(dense.layers_of(moved, SIZES), self.batch))
        return Failure(
            f"with logits of 200, `loss_fn` returned {self.got:.4g}; the mean cross-entropy is {self.want:.4g}.",
            "The exponential of a logit of 200 is too large for a float32."
            if overflows
            else "A probability that is very small is rounded to 0, or kept from it, before its logarithm is taken.",
            "Look for a function that takes softmax and logarithm together.",
            "" if overflows else "G16",
        )


def _program(submission: Submission, params: Value, batch: Batch) -> Program:
    """The program of the loss; that of its gradient, which gives both, where other checks need that for such batches."""
    if len(batch["label"]) == BATCH:
        with contextlib.suppress(Failure):
            return submission.loss_fn.program(params, batch, transform="value_and_grad")
    return submission.loss_fn.program(params, batch)


def require_agreement(several: Iterable[Tried]) -> None:
    """All these losses are the mean cross-entropy; raises Failure about the first that is not.

    All are tried even so: one image more or less can hide a mistake by chance, and what is measured is the worst.
    """
    wrong = []
    try:
        for tried in several:
            if not tried.agrees():
                wrong.append(tried)
    except Failure:
        if not wrong:
            raise
    if wrong:
        raise wrong[0].failure()


def _shifted(shift: int, finite: bool) -> tuple[str, str]:
    if shift < 0:
        return "the loss for labels one lower than those given; -1 is out of range, and wraps", "G11"
    if not finite:
        return "the loss for labels one higher than those given; 10 is out of range, and gives nan", "G11"
    return "the loss for labels one higher than those given; 10 is out of range, and is clamped to 9", "D05"


def _values(logits: np.ndarray, labels: np.ndarray) -> Iterator[tuple[str, float, str]]:
    """Other losses that people write: what they are, their value, the misconception."""
    size, one_hot = len(labels), np.eye(10)[labels]
    log_p = logits - logits.max(-1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(-1, keepdims=True))
    p, mean = np.exp(log_p), -log_p[np.arange(size), labels].mean()
    wrong = float((logits.argmax(-1) != labels).mean())
    sigmoid = np.logaddexp(0, logits) - one_hot * logits
    swapped = one_hot - np.log(np.exp(one_hot).sum(-1, keepdims=True))
    yield "the cross-entropy with a softmax too many", training.cross_entropies(p, labels).mean(), "L25"
    yield "the mean over every image with every label (B times B numbers)", -log_p[:, labels].mean(), "G09"
    yield "the sum over every image with every label (B times B numbers)", -log_p[:, labels].sum(), "G09"
    yield "the sum over the batch, not its mean", mean * size, "G12"
    yield "the mean over images and classes, ten times too small", mean / 10, "G12"
    yield "the cross-entropy with its sign turned", -mean, "P08"
    if size == 10:
        yield "what comes out when ten whole labels are taken for ten probabilities", -(log_p @ labels).mean(), "G10"
    for name, value in (("share of wrong answers", wrong), ("share of right answers", 1 - wrong)):
        yield f"the {name}: a decision, which has no gradient", value, "G13"
        yield f"minus the {name}: a decision, which has no gradient", -value, "G13"
    yield "the squared error of the probabilities", ((p - one_hot) ** 2).sum(-1).mean(), ""
    yield "the squared error of the probabilities", ((p - one_hot) ** 2).mean(), ""
    yield "the loss of ten separate yes-or-no questions", sigmoid.sum(-1).mean(), ""
    yield "the loss of ten separate yes-or-no questions", sigmoid.mean(), ""
    yield (
        "what comes out when the labels are passed first and the logits second",
        -(logits * swapped).sum(-1).mean(),
        "",
    )


def _refused(failure: Failure, submission: Submission, params: Value, batch: Batch) -> Failure:
    """A loss that raises: does it want its labels in another form?"""
    raised = failure.raised
    if raised is None:
        return failure
    if "TracerArrayConversionError" in raised.types:
        failure.misconception = "G14"
    elif "ValueError" in raised.types or "TypeError" in raised.types:
        one_hot = {**batch, "label": np.eye(10, dtype=np.float32)[batch["label"]]}
        try:
            submission.loss_fn(params, one_hot).number()
        except Failure:
            return failure
        failure.why = (
            "The labels are whole numbers, one for each image; this loss works with ten probabilities for each."
        )
        failure.hint = "Look for the loss that takes the labels as they are, or turn them into rows of zeros and a one."
        failure.misconception = "G10"
    return failure


def steep() -> Failure:
    """A loss that is right for large logits, and its gradient is not a number there."""
    return Failure(
        "for logits of 200, the gradient of `loss_fn` is nan or infinite, though the loss is right.",
        "A guard, such as `jnp.where` around an exponential that overflows, mends the loss, but not its gradient.",
        "Subtract the largest logit of each row first, or let a function of optax do all of it.",
        "G15",
    )
