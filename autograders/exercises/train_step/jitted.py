"""Which mistake is it, when a step is compiled again and again, or is no pure function?"""

from collections.abc import Sequence

from autograders.checks import Failure, purity
from autograders.exercises.train_step.asking import Batch, step
from autograders.judge.handle import Submission
from autograders.judge.values import Value
from autograders.learner.messages import Place


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


def moves_on(result: Value) -> Failure:
    """The same step from the same state gave something else than before."""
    why, misconception = "Something outside the state has moved on, and enters the step.", "C04"
    said = "a step, done again from the same state on the same batch, gave other parameters than before."
    if result.wrote:
        why, misconception = purity.reason(result.wrote)
        said += f" It writes to {result.wrote[0].path}."
    return Failure(said, why, "Keep all that the next step needs in the state, the optimizer state too.", misconception)


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
