"""The autograder of `linen_module`: parameters are made by `init`, live outside the module, and travel through `apply`."""

import math

import ml_dtypes
import numpy as np
import pytest

from autograders.checks import Failure, dense, grades, require
from autograders.checks.comparing import HALF, difference, require_close
from autograders.exercises.linen_module import affine as told
from autograders.exercises.linen_module import keys, telling, trees
from autograders.judge.arguments import Host, Key
from autograders.judge.handle import Program, Submission
from autograders.judge.values import Value

SIZES = (6, 7, 5, 4)  # all different, so that a parameter is known by its shape
OTHERS = ((6, 4), (5, 5, 5, 5))  # one layer; layers of one size
OWN = (12, 32, 10)
ROWS = 64  # so many that the error of half precision hardly depends on which are drawn, and a smooth ReLU shows

# net


def made(submission: Submission, sizes: tuple[int, ...]) -> Value:
    """The learner's network between these sizes."""
    try:
        return submission.Net(sizes[1:])
    except Failure as failure:
        raise telling.refused_fields(failure, submission) from None


@pytest.fixture
def net(submission: Submission) -> Value:
    return made(submission, SIZES)


def draw(inputs: np.random.Generator, *shape: int) -> np.ndarray:
    return inputs.normal(size=shape).astype(np.float32)


def key(inputs: np.random.Generator) -> Key:
    return Key(int(inputs.integers(2**31)))


def variables(net: Value, inputs: np.random.Generator, width: int = SIZES[0]) -> Value:
    """What `init` gives for rows of this width."""
    why = "A layer gets its width where it is called first, and keeps it: called again it is the same layer."
    with telling.meaning("ScopeParamShapeError", why, "Make a new layer for every size.", "L20"):
        made = net.method("init")(key(inputs), draw(inputs, 2, width))
    telling.only_arrays(made, "`Net`")
    return made


def random_like(inputs: np.random.Generator, leaves: list[np.ndarray]) -> list[np.ndarray]:
    return [draw(inputs, *leaf.shape) for leaf in leaves]


@grades("net", points=0.5)
def test_output_has_right_shape(net, inputs):
    """`Net(features)` turns a batch of rows into a batch of rows of the last size.

    Why: a layer that is left out, or a batch that is melted into one row, shows first in the shape.

    Blind to: the numbers (`computes_the_mlp`), other sizes than 6 to (7, 5, 4), and the dtype.
    """
    x = draw(inputs, 3, SIZES[0])
    y = net.method("apply")(variables(net, inputs), x).array("what `Net` returns")
    said = f"`Net({SIZES[1:]})` on an input of shape {x.shape} gave shape {y.shape}; it should be {(3, SIZES[-1])}."
    why, hint, misconception = {
        (3, SIZES[-2]): ("The last layer is not in the way: a layer works only where it is called.", "", "L19"),
        (SIZES[-1],): ("The rows were melted into one: the batch axis is gone.", "Leave the leading axes.", "L12"),
    }.get(y.shape, ("The last axis becomes the last of `features`; the axes before it stay.", "", ""))
    hint = hint or "Go through all of `features`: one dense layer is made, and called, for each."
    require(y.shape == (3, SIZES[-1]), said, why, hint, misconception)


@grades("net", points=0.75, needs=("output_has_right_shape",))
def test_one_dense_layer_per_size(submission, net, inputs):
    """The parameters are a kernel and a bias for each size in `features`, however many there are.

    Why: a layer that is shared, forgotten or made outside of `init` has no parameters of its own, and cannot learn.

    Blind to: what is done with the parameters (`computes_the_mlp`), their names and dtypes, and other sizes than one
    layer, three equal ones and three different ones.
    """
    x, made_first = draw(inputs, 2, SIZES[0]), variables(net, inputs)
    telling.only_parameters(made_first, "`Net`")
    if len(made_first.leaves) == len(SIZES) - 1:  # kernels alone: does it add something all the same?
        adds = net.method("apply").program(made_first, x).operations
        dense.require_dense_layers(made_first.leaves, SIZES, f"`Net({SIZES[1:]})`", adds)
    dense.require_dense_layers(made_first.leaves, SIZES, f"`Net({SIZES[1:]})`")
    for sizes in OTHERS:
        leaves = variables(made(submission, sizes), inputs, sizes[0]).leaves
        dense.require_dense_layers(leaves, sizes, f"`Net({sizes[1:]})`")


@grades("net", points=1, needs=("one_dense_layer_per_size",))
def test_computes_the_mlp(submission, net, inputs):
    """With any parameters, the output is that of dense layers with ReLU between them and nothing after the last.

    Why: without a nonlinearity between them many layers are one, and one after the last cuts negative answers off.

    Blind to: errors below 3 % of the largest output; other depths than one and three layers; layers of equal sizes,
    whose parameters cannot be told apart by shape; the dtype.
    """
    program, leaves, x = random_program(net, inputs, SIZES)
    # A hidden layer that is shut, before one that is open: whatever leaks through the first is no ReLU.
    gate = {
        (6, 7): lambda kernel: kernel * 0.1,
        (7,): lambda bias: np.full_like(bias, -2),
        (7, 5): lambda kernel: kernel * 10,
        (5,): lambda bias: np.abs(bias) + 3,
    }
    shut = [gate.get(leaf.shape, lambda leaf: leaf)(leaf) for leaf in leaves]
    computes_the_mlp(program, [leaves, shut], SIZES, x)
    program, leaves, x = random_program(made(submission, OTHERS[0]), inputs, OTHERS[0])
    computes_the_mlp(program, [leaves], OTHERS[0], x)


def random_program(
    net: Value, inputs: np.random.Generator, sizes: tuple[int, ...]
) -> tuple[Program, list[np.ndarray], np.ndarray]:
    """The network's program with random parameters and rows for it."""
    x, params = draw(inputs, ROWS, sizes[0]), variables(net, inputs, sizes[0])
    return net.method("apply").program(params, x), random_like(inputs, params.leaves), x


def computes_the_mlp(program: Program, tried: list[list[np.ndarray]], sizes: tuple[int, ...], x: np.ndarray) -> None:
    """Whatever the leaves; all are tried before the first that fails is told, so that the evidence shows the worst."""
    failures = []
    for leaves in tried:
        got, layers = program(leaves, x).array("what `Net` returns"), dense.layers_of(leaves, sizes)
        if got.shape != (len(x), sizes[-1]) or not HALF.holds(difference(got, dense.mlp(layers, x))):
            failures.append(telling.another_network(got, layers, x, program.unused))
    if failures:
        raise failures[0]


@grades("net", points=0.25, needs=("output_has_right_shape",))
def test_any_leading_axes(net, inputs):
    """`Net` works for any batch size and any number of leading axes, row by row.

    Why: parameters or code that hold on to the batch work for one size of it and for no other.

    Blind to: inputs with no leading axis, or more than three; batches of other sizes than 1 and 3, the empty one among
    them; differences below 3 %.
    """
    params, apply = variables(net, inputs), net.method("apply")
    why = "Layers act on the last axis; all axes before it are batch axes, and parameters must not depend on them."
    hint = "Leave the leading axes alone."
    rows = draw(inputs, 6, SIZES[0])
    of_rows = np.concatenate([apply(params, three).array() for three in (rows[:3], rows[3:])])
    for shape in ((1,), (2, 3), (2, 1, 3)):
        number, x = math.prod(shape), rows[: math.prod(shape)].reshape(*shape, SIZES[0])
        with telling.meaning("ScopeParamShapeError", why, hint, "L12"):
            got = apply(params, x).array("what `Net` returns")
        want = of_rows[:number].reshape(*shape, SIZES[-1])
        require_close(got, want, f"for an input of shape {x.shape}, the output", why, hint, "L12", HALF)


@grades("net", points=0.5, needs=("one_dense_layer_per_size",))
def test_init_follows_the_key(submission, net, inputs):
    """The same key gives the same parameters, another key others, and each kernel has random numbers of its own.

    Why: a start that does not follow the key cannot be repeated, and kernels that start alike learn alike.

    Blind to: how the numbers are distributed and how large they are; biases; a constant kernel beside random ones;
    numbers that are used twice, but in another order.
    """
    x = draw(inputs, 2, SIZES[0])
    init, a, b = net.method("init"), key(inputs), key(inputs)
    keys.follows_the_key(init(a, x, watch=True), init(a, x), init(b, x), "`Net.init`", submission)


# init_and_apply


@pytest.fixture
def sample(inputs: np.random.Generator) -> np.ndarray:
    return draw(inputs, 4, OWN[0])


@grades("init_and_apply", points=0.5)
def test_params_follow_the_key(submission, inputs, sample):
    """`init_params` gives the same parameters for the same key, others for another, each kernel with its own numbers.

    Why: a start that does not follow the key cannot be repeated, and kernels that start alike learn alike.

    Blind to: whether these are parameters of Net((32, 10)); and what `init_follows_the_key` cannot see either.
    """
    init, a, b = submission.init_params, key(inputs), key(inputs)
    first = init(a, sample, watch=True)
    telling.holds_parameters(first)
    keys.follows_the_key(first, init(a, sample), init(b, sample), "`init_params`", submission)


def forwarded(submission: Submission, inputs: np.random.Generator, x: np.ndarray) -> tuple[Value, Value]:
    """Parameters from the learner's `init_params`, the same for all checks, and what `forward` makes of x with them."""
    k = key(inputs)
    params = submission.once("params", lambda: submission.init_params(k, x, watch=True))
    why = "The parameters were made for rows of another width than those that `forward` was given."
    hint = "The width of the parameters comes from the `sample` that `init` is given."
    with telling.meaning("ScopeParamShapeError", why, hint, "L11"):
        return params, submission.forward(params, x)


@grades("init_and_apply", points=0.25)
def test_forward_has_right_shape(submission, inputs, sample):
    """`forward(params, x)` gives ten numbers for each row.

    Why: outputs of another shape often raise nothing later on: a loss broadcasts them.

    Blind to: the numbers (`forward_uses_the_params`), and inputs of another shape than (4, 12).
    """
    params, y = forwarded(submission, inputs, sample)
    telling.a_pair(y, params, (4, 10))
    shape = y.array("what `forward` returns").shape
    said = f"`forward(params, x)` on an input of shape {sample.shape} gave shape {shape}; it should be {(4, 10)}."
    require(shape == (4, 10), said, "The network is Net((32, 10)).", "Return what `apply` gives for x.")


@grades("init_and_apply", points=0.5, needs=("forward_has_right_shape",))
def test_forward_uses_the_params(submission, inputs, sample):
    """`forward` gives what the learner's `Net((32, 10))` gives with the parameters that it is handed.

    Why: only parameters that come in can be trained: those that `forward` makes or remembers by itself never get
    better.

    Blind to: errors below 3 % of the largest output. Where the learner's Net((32, 10)) fails, or its parameters are
    kept in other shapes, such as one long vector, nothing but whether the output depends on them.
    """
    params, _ = forwarded(submission, inputs, sample)
    x = 3 + 2 * sample  # so that a forward which centres or rescales its input shows
    program = submission.forward.program(params, x)
    leaves = random_like(inputs, params.leaves)
    a, b = program(params, x).array(), program(leaves, x).array()
    if np.array_equal(a, b):
        raise telling.ignored(program, params)
    want = telling.own_output(submission, leaves, x, OWN, key(inputs))
    if telling.repeats(submission, params, x):  # what draws random numbers is for the comparison with jit
        telling.is_the_network(b, want)


@grades("init_and_apply", points=0.25, needs=("forward_has_right_shape",))
def test_forward_same_under_jit(submission, inputs, sample):
    """The program that jit makes of `forward` agrees with it, also for parameters and inputs that came later.

    Why: what is no argument is frozen into the program, and the compiled network answers from it for ever.

    Blind to: errors below 3 %, inputs of another shape than (4, 12), and whether either of the two is right
    (`forward_uses_the_params`).
    """
    params, _ = forwarded(submission, inputs, sample)
    program, x = submission.forward.program(params, sample), draw(inputs, *sample.shape)
    params = submission.init_params(key(inputs), sample)
    first, again = submission.forward(params, x, watch=True), submission.forward(params, x).array()
    telling.answers_alike(first, again)
    why = "jit freezes whatever is not an argument: NumPy randomness, globals, attributes."
    hint = "Use only params and x, and jnp operations."
    require_close(program(params, x).array(), again, "under jit, the output of `forward`", why, hint, "", HALF)


@grades("init_and_apply", points=0.5, needs=("forward_uses_the_params",))
def test_gradients_reach_the_params(submission, inputs, sample):
    """Gradients with respect to the parameters are finite, and not all zero, also where a row of the input is zero.

    Why: training follows the gradient: where it is cut off nothing learns, and one nan spoils all parameters.

    Blind to: gradients that are wrong, or zero for some parameters, for a single number that is not zero is enough;
    parameters other than those `init_params` makes.
    """
    x = np.concatenate([sample[1:], np.zeros_like(sample[:1])])
    params, _ = forwarded(submission, inputs, x)
    program = submission.forward.program(params, x, transform="grad_of_squares")
    grads = [np.asarray(leaf, np.float64) for leaf in program(params, x).leaves]
    said = "a gradient with respect to the parameters is nan or infinite."
    why = "Where the input is zero, hidden numbers can be exactly zero. A root, a logarithm or a quotient has no slope there."
    hint = "Look for sqrt, log or a division on the way; a guard around its result does not help the gradient."
    require(all(np.all(np.isfinite(g)) for g in grads), said, why, hint, "G15")
    if not any(np.any(g) for g in grads):
        raise telling.no_gradient(program)


# pytrees


def nested(inputs: np.random.Generator, host: bool = False) -> tuple[dict, dict[str, np.ndarray]]:
    """A nested dict of parameters as an argument, and its leaves by key path."""
    half, brain = np.float16, np.float16 if host else ml_dtypes.bfloat16  # NumPy itself has no bfloat16
    leaves = {
        "bias": draw(inputs),
        "block/bias/kernel": draw(inputs, 3),
        "block/inner/bias": draw(inputs, 2).astype(half),
        "block/inner/kernel": draw(inputs, 2, 3, 2).astype(brain),
        "dense/bias": draw(inputs, 4),
        "dense/bias_scale": draw(inputs, 4),
        "dense/kernel": draw(inputs, 5, 4),
        "scale": draw(inputs, 6),
    }
    tree: dict = {}
    for path, leaf in leaves.items():
        *folders, name = path.split("/")
        place = tree
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = Host(leaf) if host else leaf
    return tree, leaves


@grades("pytrees", points=0.5)
def test_counts_every_parameter(submission, inputs):
    """`count_params` is the number of numbers in all leaves, at any depth, in every call.

    Why: a count of leaves, or of the upper levels alone, makes a model look smaller than it is; one that remembers adds
    up.

    Blind to: the type of the answer (a float passes); trees with lists, tuples or nothing in them; deeper than three
    levels.
    """
    for host in (False, True):
        tree, leaves = nested(inputs, host)
        result = submission.count_params(tree, watch=True)
        got, want = result.number("what `count_params` returns"), sum(x.size for x in leaves.values())
        said = f"`count_params` gave {got:g} for a nested dict of {want} numbers."
        if got != want and result.wrote:
            raise trees.remembers(result, said)
        counted = " That is the number of leaves, not of numbers." if got == len(leaves) else ""
        why, hint = (
            "Every leaf counts with its size, at any depth.",
            "Sum the sizes of all that `jax.tree.leaves` gives.",
        )
        require(got == want, said + counted, why, hint)


@grades("pytrees", points=0.5)
def test_scales_every_leaf(submission, inputs):
    """`scale_params` multiplies every leaf by the factor.

    Why: a leaf that is passed over makes another model than the one that was meant, and nothing says so.

    Blind to: errors below 3 % of a leaf's largest number; other factors than those between 1.5 and 3, such as 0 or a
    negative one; deeper than three levels.
    """
    for host in (False, True):
        tree, leaves = nested(inputs, host)
        factor = float(inputs.uniform(1.5, 3))
        got = trees.same_tree(submission.scale_params(tree, factor), leaves, "scale_params")
        if all(difference(got[path], leaf) == 0 for path, leaf in leaves.items()):
            raise trees.same_as_before(submission.scale_params.program(nested(inputs)[0], factor), "scale_params")
        for path, leaf in leaves.items():
            off = difference(got[path], np.asarray(leaf, np.float64) * factor)
            said = f"`scale_params` left `{path}` wrong by {off:.2g} of its size."
            require(HALF.holds(off), said, "Every leaf is multiplied, whatever its name.", "Treat all leaves alike.")


@grades("pytrees", points=0.5)
def test_zeroes_only_biases(submission, inputs):
    """`zero_biases` zeroes the leaves whose own key is `bias`, and leaves all others as they are.

    Why: freezing, decay and transfer pick parameters by name, and a match that is too wide changes others in silence.

    Blind to: leaves from NumPy, but for their form and dtype (`keeps_structure_and_dtypes`); names that are nearly
    `bias`, but for `bias_scale` and a folder `bias`; deeper than three levels.
    """
    tree, leaves = nested(inputs)
    got = trees.same_tree(submission.zero_biases(tree), leaves, "zero_biases")
    if all(difference(got[path], leaf) == 0 for path, leaf in leaves.items()):
        raise trees.same_as_before(submission.zero_biases.program(tree), "zero_biases")
    for path, leaf in leaves.items():
        bias = path.split("/")[-1] == "bias"
        right = not np.any(np.asarray(got[path], np.float64)) if bias else difference(got[path], leaf) == 0
        said = f"`zero_biases` {'did not zero' if bias else 'changed'} the leaf `{path}`."
        why = "A bias is a leaf whose own key is `bias`: the last part of its path, whatever its shape."
        require(right, said, why, "`jax.tree_util.tree_map_with_path` hands you the path; look at its last key.")


@grades("pytrees", points=0.25)
def test_keeps_structure_and_dtypes(submission, inputs):
    """`scale_params` and `zero_biases` return plain dicts and keep every dtype, bfloat16 and NumPy leaves included.

    Why: parameters that turn float32 take twice the memory, and trees of two kinds cannot be added or compared.

    Blind to: the kind of inner containers, for only the outermost must be a dict; whether a NumPy leaf stays one; the
    numbers, which the checks before look at.
    """
    for host in (False, True):
        tree, leaves = nested(inputs, host)
        scaled, zeroed = submission.scale_params(tree, 0.5), submission.zero_biases(tree)
        for name, value in (("scale_params", scaled), ("zero_biases", zeroed)):
            got = trees.same_tree(value, leaves, name)
            trees.plain_dict(value, name)
            for path, leaf in leaves.items():
                said = f"`{name}` turned `{path}` from {leaf.dtype} into {got[path].dtype}."
                why = (
                    "A product takes the wider dtype of its two factors, and a new array is float32 unless it is told."
                )
                hint = "Make what you return in the dtype of the leaf: print `leaf.dtype` before and after."
                require(got[path].dtype == leaf.dtype, said, why, hint, "D03")


@grades("pytrees", points=0.25, evidence="observed")
def test_leaves_params_unchanged(submission, inputs):
    """None of the three changes the dict it is given, nor an array in it; and nothing is kept elsewhere.

    Why: whoever kept the old parameters, for a comparison or another run, finds the new ones in their place.

    Blind to: what lies in modules, files or objects of other people's classes.
    """
    for host in (False, True):
        tree, _ = nested(inputs, host)
        results = [submission.count_params(tree, watch=True), submission.scale_params(tree, 0.5, watch=True)]
        for result in (*results, submission.zero_biases(tree, watch=True)):
            trees.unchanged(result, host)
            if result.wrote:
                raise trees.remembers(result, f"`{result.text}` leaves something behind.")


# own_parameter


@grades("own_parameter", points=1)
def test_declares_scale_and_shift(submission, inputs):
    """`Affine` has two parameters: `scale`, ones, and `shift`, zeros, as long as the last axis.

    Why: only what is declared is in the tree that `init` returns, and only that is trained.

    Blind to: what is computed with them (`computes_scale_and_shift`), other widths than 5 (`params_fit_the_last_axis`),
    dtypes, and at which depth of the tree they stand.
    """
    x, affine = draw(inputs, 3, 5), submission.Affine()
    values = affine.method("init")(key(inputs), x)
    telling.only_arrays(values, "`Affine`")
    telling.only_parameters(values, "`Affine`")
    scale, shift = told.scale_and_shift(values, affine, x)
    for place, name, want in ((scale, "scale", 1.0), (shift, "shift", 0.0)):
        leaf = values.leaves[place]
        told.as_long_as_the_last_axis(leaf, name, x.shape)
        started = bool(np.all(np.asarray(leaf, np.float64) == want))
        why, hint = "At the start, Affine changes nothing.", "Look through `nn.initializers` for this first value."
        require(started, f"`{name}` does not start as all {want:g}.", why, hint)


@grades("own_parameter", points=0.75, needs=("declares_scale_and_shift",))
def test_computes_scale_and_shift(submission, inputs):
    """With any parameters, the output is x * scale + shift.

    Why: a parameter that is declared and not used, or used otherwise, has a gradient that means something else.

    Blind to: errors below 3 % of the largest output, and the numbers for inputs of other shapes than (3, 5).
    """
    x, affine = draw(inputs, 3, 5), submission.Affine()
    values = affine.method("init")(key(inputs), x)
    scale, shift = told.scale_and_shift(values, affine, x)
    leaves = random_like(inputs, values.leaves)
    program = affine.method("apply").program(values, x)
    got, want = program(leaves, x).array("what `Affine` returns"), x * leaves[scale] + leaves[shift]
    if got.shape == want.shape and difference(got, want) > HALF.limit and {"add", "mul"} & set(program.unused):
        raise told.dropped_sum()
    why = "Each row is multiplied by scale first, and shift is added to that."
    require_close(got, want, "the output of `Affine`", why, "Try it by hand on one row of three numbers.", "", HALF)


@grades("own_parameter", points=0.25, needs=("declares_scale_and_shift",))
def test_params_fit_the_last_axis(submission, inputs):
    """Whatever the number of axes, the parameters fit the last one.

    Why: parameters that take in a batch axis fit one size of batch and no other.

    Blind to: the numbers: for one, three and four axes only shapes are compared.
    """
    for shape in ((2, 1, 3, 2), (2, 3, 7), (4,)):
        x, affine = draw(inputs, *shape), submission.Affine()
        values = affine.method("init")(key(inputs), x)
        for path, leaf in zip(values.paths, values.leaves, strict=True):
            told.as_long_as_the_last_axis(leaf, told.own_key(path), shape)
        got = affine.method("apply")(values, x).array("what `Affine` returns")
        why, hint = "What goes in and what comes out have the same shape.", "Leave the axes of x as they are."
        require(got.shape == shape, f"for an input of shape {shape}, the output has shape {got.shape}.", why, hint)
