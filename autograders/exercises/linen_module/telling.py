"""Tells mistakes apart by what was seen: which parameters do not follow the key, which network this is instead, ..."""

import contextlib
from collections.abc import Iterator

import numpy as np

from autograders.checks import Failure, dense, require
from autograders.checks.comparing import HALF, close, difference
from autograders.judge.arguments import Key
from autograders.judge.handle import Program, Submission
from autograders.judge.values import Value


@contextlib.contextmanager
def meaning(kind: str, why: str, hint: str, misconception: str) -> Iterator[None]:
    """Inside, an exception of this class in the learner's code has this meaning."""
    try:
        yield
    except Failure as failure:
        if failure.raised and kind in failure.raised.types:
            failure.why, failure.hint, failure.misconception = why, hint, misconception
        raise


def refused_fields(failure: Failure, submission: Submission) -> Failure:
    """The failure of `Net(features)`: a class that has `features`, and a constructor that does not take them."""
    with contextlib.suppress(Failure):
        submission.value("Net").attribute("features")
        if failure.raised and failure.raised.types[0] == "TypeError":
            failure.why = "What stands in a class without a type is no field: the constructor does not know it."
            failure.hint = "Give `features` its type, as in `size: int`, and no value."
            failure.misconception = "L07"
    return failure


def only_arrays(made: Value, name: str) -> None:
    """What `init` makes are arrays; no tracer of a transform inside is among them."""
    for path, leaf in zip(made.paths, made.leaves, strict=True):
        why = "A transform of JAX around a layer that has no parameters yet makes them inside, and they do not get out."
        hint = "Layers take whole batches: call them directly, without `jax.lax.map` or `jax.lax.scan`."
        said = f"{name}: `init` gave something at `{path}` that exists only while JAX traces."
        require(getattr(leaf, "kind", "") != "Tracer", said, why, hint, "L22")
        said = f"{name}: `init` gave a {getattr(leaf, 'kind', 'text')} at `{path}`; a parameter is an array."
        require(hasattr(leaf, "dtype"), said, "Only arrays can be trained.", "Look at what its first value is.")


def only_parameters(made: Value, name: str) -> None:
    """Everything that `init` makes is a parameter: no variable of another collection."""
    for path in made.paths:
        why = "Only what stands under 'params' is trained; other collections are for what a module writes itself."
        said = f"{name}: `init` made `{path}`, which is no parameter."
        require(path.startswith("['params']"), said, why, "Declare parameters with `self.param`, and nothing else.")


# the network


def another_network(got: np.ndarray, layers: dense.Layers, x: np.ndarray, unused: tuple[str, ...] = ()) -> Failure:
    """Says which network this is instead, where that can be told; `unused` are operations whose results go nowhere."""
    why = "Between two layers stands ReLU, max(h, 0); after the last layer stands nothing: outputs may be negative."
    hint = "Apply `nn.relu` after every layer but the last."
    for name, activation in dense.ACTIVATIONS.items():
        if close(got, dense.mlp(layers, x, activation), HALF):
            dropped = name == "no activation" and {"relu", "max"} & set(unused)
            return dropped_relu() if dropped else Failure(f"the network has {name} between its layers.", why, hint)
    want = dense.mlp(layers, x)
    if close(got, dense.relu(want), HALF):
        return Failure("the output is never negative: ReLU stands after the last layer too.", why, hint)
    if sums_to_one(got):
        return softmax("`Net`")
    return Failure(f"the output is wrong by {difference(got, want):.2g} of its size.", why, hint)


def dropped_relu() -> Failure:
    return Failure(
        "the network has no activation between its layers, though a ReLU is computed: nothing uses its result.",
        "`nn.relu(x)` changes no array: it returns a new one.",
        "Give the result of `nn.relu` to the next layer.",
        "C13",
    )


def sums_to_one(y: np.ndarray) -> bool:
    """Whether each row is a distribution, or the logarithm of one."""
    y = np.asarray(y, np.float64)
    return bool(np.allclose(y.sum(-1), 1, atol=HALF.limit) or np.allclose(np.exp(y).sum(-1), 1, atol=HALF.limit))


def softmax(name: str) -> Failure:
    return Failure(
        f"each row of what {name} returns sums to one: a softmax stands at the end.",
        "The loss takes the softmax of the outputs itself; twice is once too often.",
        "Leave the softmax to the loss.",
        "L25",
    )


def is_the_network(got: np.ndarray, want: np.ndarray | None) -> None:
    """`forward` returns what the network gives, as it is; without a `want` nothing is compared."""
    if want is None or got.shape == want.shape and HALF.holds(difference(got, want)):
        return
    if is_decision(got):
        why = "A decision, such as `argmax` or a comparison, has no slope: nothing can be learned through it."
        raise Failure(
            "`forward` returned decisions, not the outputs of the network.", why, "Return the numbers.", "G13"
        )
    if sums_to_one(got) and not sums_to_one(want):
        raise softmax("`forward`")
    raise Failure(
        "`forward` returns something else than `Net((32, 10))` with the parameters that it was handed.",
        "`forward` is the network as a function of parameters and input; what comes after it is not its business.",
        "Return what `apply` gives, as it is.",
    )


def is_decision(y: np.ndarray) -> bool:
    """Whether only whole numbers came out, of random ones that went in."""
    return bool(np.all(y == np.round(y)))


def own_output(
    submission: Submission, leaves: list[np.ndarray], x: np.ndarray, sizes: tuple[int, ...], key: Key
) -> np.ndarray | None:
    """What the learner's own network gives for these leaves, found by their shapes; None where they do not fit it.

    Raises Failure where they are more numbers than its parameters, or fewer.
    """
    by_shape = {leaf.shape: leaf for leaf in leaves}
    try:
        net = submission.Net(sizes[1:])
        made = net.method("init")(key, x)
    except Failure:  # a wrong network is judged elsewhere
        return None
    of_another_size(sum(leaf.size for leaf in leaves), sum(leaf.size for leaf in made.leaves), sizes)
    if sorted(by_shape) != sorted(leaf.shape for leaf in made.leaves):
        return None
    try:
        return net.method("apply").program(made, x)([by_shape[leaf.shape] for leaf in made.leaves], x).array()
    except Failure:  # a wrong network is judged elsewhere
        return None


def of_another_size(got: int, want: int, sizes: tuple[int, ...]) -> None:
    """The parameters are as many numbers as the network has, in whatever form they are kept."""
    said = f"`init_params` gave {got:,} numbers for rows of {sizes[0]}; `Net({sizes[1:]})` has {want:,} parameters."
    why = f"The exercise asks for the parameters of `Net({sizes[1:]})`."
    require(got == want, said, why, "Which sizes do you give to `Net`?")


# forward


def holds_parameters(made: Value) -> None:
    """`init_params` returned arrays."""
    said = f"`init_params` returned {made.describe()}, which holds no parameters."
    if made.leaves and all(hasattr(leaf, "dtype") for leaf in made.leaves):
        return
    if made.described.callable:
        why = "A Linen module holds no parameters, not after `init` either: `init` returns them."
        raise Failure(said, why, "Return what `init` returned.", "L02")
    why = "Parameters are the arrays that `init` returns; whoever wants to use them later must be handed them."
    raise Failure(said, why, "Look at what your function returns, and at what `init` returned.")


def a_pair(y: Value, params: Value, shape: tuple[int, ...]) -> None:
    """`forward` must not return what `apply` returns with `mutable`: the output and a dict of variables."""
    if len(y.items) != 2 or [getattr(leaf, "shape", ()) for leaf in y.items[0].leaves] != [shape]:
        return
    named = any(path.startswith("['params']") for path in y.items[1].paths)
    habit = named and not any(path.startswith("['params']") for path in params.paths)
    why = "With `mutable`, `apply` returns two things: the output, and the variables that it was allowed to write."
    if not y.items[1].leaves or habit:
        raise Failure(
            f"`forward` returned a pair: an array of shape {shape} and {y.items[1].describe()}.",
            why,
            "This network writes no variables: call `apply` without `mutable`, or unpack the pair.",
            "M09" if habit else "M04",
        )


def ignored(program: Program, made: Value) -> Failure:
    """`forward` gives the same output for all parameters: it makes its own, keeps some outside, or closes over some."""
    said = "`forward` gave the same output for two different sets of parameters."
    why = "The module holds no parameters: it computes with those that it is handed, and only these can be trained."
    if any(name.startswith("random_") for name in program.operations):
        return Failure(said, why, "Random numbers are drawn inside `forward`: it must not call `init` again.", "L26")
    if made.wrote:
        hint = f"`init_params` leaves something in {made.wrote[0].path}: return it, and take it from `params`."
        return Failure(said, why, hint, "C25")
    return Failure(said, why, "Look which parameters `apply` is handed: they should be the argument.", "G07")


def answers_alike(first: Value, again: np.ndarray) -> None:
    """The same parameters and the same input give the same output twice, without jit."""
    if close(first.array(), again):
        return
    said = "`forward` gave two different outputs for the same parameters and the same input."
    if not all(place.kind == "random" for place in first.wrote):
        why, hint = f"Each call changes {first.wrote[0].path}.", "Compute with params and x alone."
        raise Failure(said, why, hint, "C25")
    why = "Random numbers that come from NumPy are new in every call, and frozen under jit."
    raise Failure(said, why, "Compute with params and x alone.", "R06")


def repeats(submission: Submission, params: Value, x: np.ndarray) -> bool:
    """Whether `forward` gives the same output twice."""
    first, again = (submission.forward(params, x).array() for _ in range(2))
    return bool(np.array_equal(first, again))


def no_gradient(program: Program) -> Failure:
    """All gradients are zero: because of a decision, because it is stopped, or for a reason that cannot be seen."""
    said = "all gradients with respect to the parameters are zero."
    why = "A gradient flows from the output back to the parameters only through smooth jnp operations on them."
    if "stop_gradient" in program.operations:
        return Failure(said, why, "Somewhere the gradient is stopped on purpose: remove that.")
    if {"round", "floor", "ceil"} & set(program.operations):
        return Failure(said, why, "Rounding makes steps, and a step is flat: round where you print.", "G13")
    return Failure(said, why, "Look for a step that cuts the way from `params` to the output.")
