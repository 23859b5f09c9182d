"""The autograder of `linen_module`: parameters are made by `init`, live outside the module, and travel through `apply`."""

import ml_dtypes
import numpy as np
import pytest

from autograders.checks import Failure, dense, grades, purity, require
from autograders.checks.comparing import HALF, close, difference, require_close
from autograders.judge.handle import Host, Key, Submission, Value

SIZES = (6, 7, 5, 4)  # all different, so that a parameter is known by its shape


# net


@pytest.fixture
def net(submission: Submission) -> Value:
    return submission.Net(SIZES[1:])


def draw(inputs: np.random.Generator, *shape: int) -> np.ndarray:
    return inputs.normal(size=shape).astype(np.float32)


def key(inputs: np.random.Generator) -> Key:
    return Key(int(inputs.integers(2**31)))


def variables(net: Value, inputs: np.random.Generator) -> Value:
    return net.method("init")(key(inputs), draw(inputs, 2, SIZES[0]))


def random_like(inputs: np.random.Generator, leaves: list[np.ndarray]) -> list[np.ndarray]:
    return [draw(inputs, *leaf.shape) for leaf in leaves]


@grades("net", points=0.5)
def test_output_has_right_shape(net, inputs):
    """`Net(features)` turns a batch of rows into a batch of rows of the last size."""
    x = draw(inputs, 3, SIZES[0])
    y = net.method("apply")(net.method("init")(key(inputs), x), x).array("what `Net` returns")
    require(
        y.shape == (3, SIZES[-1]),
        f"`Net({SIZES[1:]})` on an input of shape {x.shape} gave shape {y.shape}; it should be {(3, SIZES[-1])}.",
        "The last axis becomes the last of `features`; the axes before it stay.",
        "Go through `features` in a loop, one dense layer for each.",
        "L13",
    )


@grades("net", points=0.75, needs=("output_has_right_shape",))
def test_one_dense_layer_per_size(net, inputs):
    """The parameters are a kernel and a bias for each size in `features`."""
    dense.require_dense_layers(variables(net, inputs).leaves, SIZES, f"`Net({SIZES[1:]})`")


@grades("net", points=1, needs=("one_dense_layer_per_size",))
def test_computes_the_mlp(net, inputs):
    """With any parameters, the output is that of dense layers with ReLU between them and nothing after the last."""
    x, params = draw(inputs, 8, SIZES[0]), variables(net, inputs)
    program = net.method("apply").program(params, x)
    leaves = random_like(inputs, params.leaves)
    layers = dense.layers_of(leaves, SIZES)
    got = program(leaves, x).array("what `Net` returns")
    if difference(got, dense.mlp(layers, x)) > HALF:
        raise another_network(got, layers, x)
    # A hidden layer that is shut: whatever leaks through it is no ReLU.
    shut = [leaf * 0.1 if leaf.shape == (6, 7) else leaf for leaf in leaves]
    shut = [
        np.full_like(leaf, -2) if leaf.shape == (7,) else leaf * 10 if leaf.shape == (7, 5) else leaf for leaf in shut
    ]
    got, layers = program(shut, x).array("what `Net` returns"), dense.layers_of(shut, SIZES)
    if difference(got, dense.mlp(layers, x)) > HALF:
        raise another_network(got, layers, x)


def another_network(got: np.ndarray, layers: dense.Layers, x: np.ndarray) -> Failure:
    """Says which network this is instead, where that can be told."""
    why = "Between two layers stands ReLU, max(h, 0); after the last layer stands nothing, because logits may be negative."
    hint = "Apply `nn.relu` after every layer but the last."
    for name, activation in dense.ACTIVATIONS.items():
        if close(got, dense.mlp(layers, x, activation), HALF):
            return Failure(f"the output is that of a network with {name} between its layers.", why, hint)
    want = dense.mlp(layers, x)
    if close(got, dense.relu(want), HALF):
        return Failure("the output is never negative: ReLU stands after the last layer too.", why, hint)
    if np.allclose(got.sum(-1), 1, atol=HALF) or np.allclose(np.exp(got).sum(-1), 1, atol=HALF):
        return Failure(
            "each row of the output sums to one: a softmax stands at the end.",
            why,
            "Leave the softmax to the loss.",
            "L25",
        )
    return Failure(f"the output is wrong by {difference(got, want):.2g} of its size.", why, hint)


@grades("net", points=0.25, needs=("output_has_right_shape",))
def test_any_leading_axes(net, inputs):
    """`Net` works for any batch size and any number of leading axes, row by row."""
    params, apply = variables(net, inputs), net.method("apply")
    for shape in ((1,), (5,), (2, 3), (2, 1, 3)):
        x = draw(inputs, *shape, SIZES[0])
        got = apply(params, x).array("what `Net` returns")
        rows = apply(params, x.reshape(-1, SIZES[0])).array()
        want = rows.reshape(*shape, SIZES[-1])
        why = "Layers act on the last axis; all axes before it are batch axes, and `init` must not depend on them."
        require_close(
            got, want, f"for an input of shape {x.shape}, the output", why, "Leave the leading axes alone.", "L12", HALF
        )


@grades("net", points=0.5, needs=("one_dense_layer_per_size",))
def test_init_follows_the_key(net, inputs):
    """The same key gives the same parameters, another key gives others."""
    x = draw(inputs, 2, SIZES[0])
    init, a, b = net.method("init"), key(inputs), key(inputs)
    follows_the_key(init(a, x), init(a, x), init(b, x), "`Net.init`")


def follows_the_key(first: Value, again: Value, other: Value, name: str) -> None:
    """Equal for equal keys, different for different ones."""
    why = "Randomness in JAX comes from the key alone."
    for before, after in zip(first.leaves, again.leaves, strict=True):
        said = f"{name} gave different parameters for the same key."
        require(
            np.array_equal(before, after),
            said,
            why,
            "Use no np.random and no key that changes from call to call.",
            "R05",
        )
    same = all(np.array_equal(a, b) for a, b in zip(first.leaves, other.leaves, strict=True))
    require(
        not same, f"{name} gave the same parameters for two different keys.", why, "Use the key that comes in.", "R02"
    )


# init_and_apply


@pytest.fixture
def sample(inputs: np.random.Generator) -> np.ndarray:
    return draw(inputs, 4, 12)


@grades("init_and_apply", points=0.5)
def test_params_follow_the_key(submission, inputs, sample):
    """`init_params` gives the same parameters for the same key, and others for another."""
    init, a, b = submission.init_params, key(inputs), key(inputs)
    first = init(a, sample)
    require(
        len(first.leaves) > 0 and all(hasattr(leaf, "dtype") for leaf in first.leaves),
        f"`init_params` returned {first.describe()}, which holds no parameters.",
        "Parameters are arrays that `init` makes.",
        "Return what `Net((32, 10)).init(key, sample)` gives, whole or its `['params']`.",
        "L02",
    )
    follows_the_key(first, init(a, sample), init(b, sample), "`init_params`")


@grades("init_and_apply", points=0.25)
def test_forward_has_right_shape(submission, inputs, sample):
    """`forward(params, x)` gives ten numbers for each row."""
    y = submission.forward(submission.init_params(key(inputs), sample), sample).array("what `forward` returns")
    said = f"`forward(params, x)` on an input of shape {sample.shape} gave shape {y.shape}; it should be {(4, 10)}."
    require(y.shape == (4, 10), said, "The network is Net((32, 10)).", "Return what `apply` gives for x.", "L11")


@grades("init_and_apply", points=0.5, needs=("forward_has_right_shape",))
def test_forward_uses_the_params(submission, inputs, sample):
    """Other parameters give another output."""
    params = submission.init_params(key(inputs), sample)
    program = submission.forward.program(params, sample)
    a, b = program(params, sample).array(), program(random_like(inputs, params.leaves), sample).array()
    why = "The module holds no parameters: it computes with those that `forward` is given."
    said = "`forward` gave the same output for two different sets of parameters."
    require(not np.array_equal(a, b), said, why, "Hand `params` to `apply`; do not call `init` again.", "L26")


@grades("init_and_apply", points=0.25, needs=("forward_has_right_shape",))
def test_forward_same_under_jit(submission, inputs, sample):
    """The program that jit makes of `forward` agrees with it, also for inputs that came later."""
    params = submission.init_params(key(inputs), sample)
    program, x = submission.forward.program(params, sample), draw(inputs, *sample.shape)
    want, got = submission.forward(params, x).array(), program(params, x).array()
    why = "jit freezes whatever is not an argument: NumPy randomness, globals, attributes."
    require_close(
        got, want, "under jit, the output of `forward`", why, "Use only params and x, and jnp operations.", "C17", HALF
    )


@grades("init_and_apply", points=0.5, needs=("forward_has_right_shape",))
def test_gradients_reach_the_params(submission, inputs, sample):
    """Gradients with respect to the parameters are finite, and not all zero."""
    params = submission.init_params(key(inputs), sample)
    grads = submission.forward.program(params, sample, transform="grad_of_squares")(params, sample)
    finite = all(np.all(np.isfinite(np.asarray(g, np.float64))) for g in grads.leaves)
    why = "A gradient flows from the output back to the parameters only through differentiable jnp operations on them."
    require(
        finite, "a gradient with respect to the parameters is nan or infinite.", why, "Look for 0/0 or log(0).", "G15"
    )
    moved = any(np.any(np.asarray(g, np.float64)) for g in grads.leaves)
    hint = "Use the `params` that come in, no stop_gradient, no argmax or rounding."
    require(moved, "all gradients with respect to the parameters are zero.", why, hint, "G07")


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


def by_path(value: Value) -> dict[str, np.ndarray]:
    """The leaves of a returned dict by key path, in the form of `nested`."""
    return dict(zip([path.strip("[]'").replace("']['", "/") for path in value.paths], value.leaves, strict=True))


def same_paths(got: dict[str, np.ndarray], want: dict[str, np.ndarray], name: str) -> None:
    """The result has a leaf of the right shape at every place, and no others."""
    why, hint = "A pytree operation changes leaves and keeps the tree.", "Use `jax.tree.map`, or `tree_map_with_path`."
    different = sorted(set(got) ^ set(want))
    require(
        not different,
        f"`{name}` returned a tree that differs from the given one at `{', '.join(different[:3])}`.",
        why,
        hint,
        "T05",
    )
    for path, leaf in want.items():
        shape = getattr(got[path], "shape", None)
        require(shape == leaf.shape, f"`{name}` turned `{path}` of shape {leaf.shape} into shape {shape}.", why, hint)


@grades("pytrees", points=0.5)
def test_counts_every_parameter(submission, inputs):
    """`count_params` is the number of numbers in all leaves, at any depth."""
    for host in (False, True):
        tree, leaves = nested(inputs, host)
        got, want = (
            submission.count_params(tree).number("what `count_params` returns"),
            sum(x.size for x in leaves.values()),
        )
        counted = " That is the number of leaves, not of numbers." if got == len(leaves) else ""
        said = f"`count_params` gave {got:g} for a nested dict of {want} numbers.{counted}"
        require(
            got == want,
            said,
            "Every leaf counts with its size, at any depth.",
            "Sum `x.size` over `jax.tree.leaves(params)`.",
        )


@grades("pytrees", points=0.5)
def test_scales_every_leaf(submission, inputs):
    """`scale_params` multiplies every leaf by the factor."""
    for host in (False, True):
        tree, leaves = nested(inputs, host)
        factor = float(inputs.uniform(1.5, 3))
        got = by_path(submission.scale_params(tree, factor))
        same_paths(got, leaves, "scale_params")
        for path, leaf in leaves.items():
            off = difference(got[path], np.asarray(leaf, np.float64) * factor)
            said = f"`scale_params` left `{path}` wrong by {off:.2g} of its size."
            require(
                off <= HALF,
                said,
                "Every leaf is multiplied, whatever its name.",
                "Use `jax.tree.map` over params.",
                "C11",
            )


@grades("pytrees", points=0.5)
def test_zeroes_only_biases(submission, inputs):
    """`zero_biases` zeroes the leaves whose own key is `bias`, and leaves all others as they are."""
    tree, leaves = nested(inputs)
    got = by_path(submission.zero_biases(tree))
    same_paths(got, leaves, "zero_biases")
    for path, leaf in leaves.items():
        bias = path.split("/")[-1] == "bias"
        right = not np.any(np.asarray(got[path], np.float64)) if bias else difference(got[path], leaf) == 0
        said = f"`zero_biases` {'did not zero' if bias else 'changed'} the leaf `{path}`."
        why = "A bias is a leaf whose own key is `bias`: the last part of its path, whatever its shape."
        require(right, said, why, "`jax.tree_util.tree_map_with_path` hands you the path; look at its last key.")


@grades("pytrees", points=0.25)
def test_keeps_structure_and_dtypes(submission, inputs):
    """`scale_params` and `zero_biases` keep the tree and every dtype, bfloat16 and NumPy leaves included."""
    for host in (False, True):
        tree, leaves = nested(inputs, host)
        for name, value in (
            ("scale_params", submission.scale_params(tree, 0.5)),
            ("zero_biases", submission.zero_biases(tree)),
        ):
            got = by_path(value)
            same_paths(got, leaves, name)
            for path, leaf in leaves.items():
                said = f"`{name}` turned `{path}` from {leaf.dtype} into {got[path].dtype}."
                why = "A Python float keeps a leaf's dtype; a float32 array, or `jnp.zeros(shape)`, does not."
                require(got[path].dtype == leaf.dtype, said, why, "Use `x * factor` and `jnp.zeros_like(x)`.", "D03")


@grades("pytrees", points=0.25, evidence="observed")
def test_leaves_params_unchanged(submission, inputs):
    """None of the three changes the dict it is given, nor an array in it."""
    for host in (False, True):
        tree, _ = nested(inputs, host)
        for result in (submission.count_params(tree), submission.scale_params(tree, 0.5), submission.zero_biases(tree)):
            purity.state_unchanged(result, "dict")


# own_parameter


def scale_and_shift(values: Value) -> tuple[int, int]:
    """Where `scale` and `shift` stand among the leaves."""
    names = [path.strip("[]'").split("']['")[-1] for path in values.paths]
    require(
        sorted(names) == ["scale", "shift"],
        f"`Affine` has {'the parameters ' + ', '.join(names) if names else 'no parameters'}; it should have `scale` and `shift`.",
        "Only what is declared with `self.param(name, initializer, shape)` is a parameter.",
        "Inside a method marked `@nn.compact`, call `self.param` once for each of the two, under these names.",
        "L17",
    )
    return names.index("scale"), names.index("shift")


@grades("own_parameter", points=1)
def test_declares_scale_and_shift(submission, inputs):
    """`Affine` has two parameters: `scale`, ones, and `shift`, zeros, as long as the last axis."""
    values = submission.Affine().method("init")(key(inputs), draw(inputs, 3, 5))
    scale, shift = scale_and_shift(values)
    for place, name, want in ((scale, "scale", 1.0), (shift, "shift", 0.0)):
        leaf = values.leaves[place]
        why, hint = "One number for each place along the last axis.", "The shape is `(x.shape[-1],)`."
        require(
            leaf.shape == (5,),
            f"`{name}` has shape {leaf.shape} for an input of shape (3, 5); it should be (5,).",
            why,
            hint,
            "L11",
        )
        started = bool(np.all(np.asarray(leaf, np.float64) == want))
        why, hint = "At the start, Affine changes nothing.", "`nn.initializers.ones` and `nn.initializers.zeros`."
        require(started, f"`{name}` does not start as all {want:g}.", why, hint, "L18")


@grades("own_parameter", points=0.75, needs=("declares_scale_and_shift",))
def test_computes_scale_and_shift(submission, inputs):
    """With any parameters, the output is x * scale + shift."""
    affine_computes(submission.Affine(), draw(inputs, 3, 5), inputs)


@grades("own_parameter", points=0.25, needs=("declares_scale_and_shift",))
def test_params_fit_the_last_axis(submission, inputs):
    """Whatever the number of axes, the parameters fit the last one."""
    for shape in ((2, 3, 7), (4,), (2, 1, 3, 2)):
        x, affine = draw(inputs, *shape), submission.Affine()
        values = affine.method("init")(key(inputs), x)
        got = affine.method("apply")(values, x).array("what `Affine` returns")
        fits = got.shape == shape and all(leaf.shape == shape[-1:] for leaf in values.leaves)
        why, hint = "The parameters belong to the last axis, however many axes stand before it.", "Use `x.shape[-1]`."
        require(
            fits, f"for an input of shape {shape}, a parameter or the output has the wrong shape.", why, hint, "L11"
        )


def affine_computes(affine: Value, x: np.ndarray, inputs: np.random.Generator) -> None:
    values = affine.method("init")(key(inputs), x)
    scale, shift = scale_and_shift(values)
    leaves = random_like(inputs, values.leaves)
    why = "Scale and shift act along the last axis, on every row alike."
    got = affine.method("apply").program(values, x)(leaves, x).array("what `Affine` returns")
    want = x * leaves[scale] + leaves[shift]
    require_close(
        got, want, f"for an input of shape {x.shape}, the output", why, "Return `x * scale + shift`.", "", HALF
    )
