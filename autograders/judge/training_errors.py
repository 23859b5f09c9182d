"""What the exceptions of gradients and optimizers mean to a learner, by what was seen where they arose."""

from autograders.learner.messages import Raised

Explanation = tuple[str, str, str]


def by_call(raised: Raised) -> Explanation | None:
    """The explanation that fits what a library function held when it could not go on."""
    return next((explanation for holds, explanation in CALLS if holds(raised)), None)


def _held(raised: Raised, function: str, name: str) -> str:
    """What kind of thing a library function held under this name."""
    start = f"{function}.{name}="
    return next((entry.removeprefix(start) for entry in raised.called if entry.startswith(start)), "")


def _differentiated(raised: Raised, got: str) -> bool:
    """The function that was differentiated gave this kind of result, which has no gradient."""
    return "TypeError" in raised.types and _held(raised, "value_and_grad_f", "ans") == got


def _gradients(raised: Raised) -> str:
    """What kind of thing was handed over as gradients."""
    return _held(raised, "apply_gradients", "grads") or _held(raised, "update_fn", "updates")


def _integer_loss(raised: Raised) -> tuple[str, str]:
    """The kinds of logits and labels that optax's loss for whole labels was given."""
    name = "softmax_cross_entropy_with_integer_labels"
    return _held(raised, name, "logits"), _held(raised, name, "labels")


CALLS = (
    (
        lambda r: any(entry.endswith(".logits=tuple") for entry in r.called),
        (
            "A pair came where the logits are wanted: with `mutable=`, `apply` gives the result and the variables.",
            "Take the pair apart, or leave `mutable` out.",
            "M04",
        ),
    ),
    (
        lambda r: _integer_loss(r) == ("array", "array"),
        (
            "This loss wants whole numbers for labels, one for each image; what came are rows of probabilities.",
            "Hand it the labels as they are, or look for the loss that takes probabilities.",
            "G10",
        ),
    ),
    (
        lambda r: _differentiated(r, "array"),
        (
            "A gradient is taken of one number, and the function that is differentiated here gives an array.",
            "Reduce the losses of the images to one number before the gradient is taken.",
            "G01",
        ),
    ),
    (
        lambda r: _differentiated(r, "tuple"),
        (
            "A gradient is taken of one number, and the function that is differentiated here gives several things.",
            "Tell `jax.grad` or `jax.value_and_grad` that there is something beside the loss, or return the loss alone.",
            "G02",
        ),
    ),
    (
        lambda r: (
            "TypeError" in r.types
            and _held(r, "value_and_grad_f", "has_aux") == "True"
            and not _held(r, "value_and_grad_f", "ans")
        ),
        (
            "With `has_aux=True`, the function that is differentiated must give a pair: the loss, and something beside it.",
            "Leave `has_aux` out, or return a second thing beside the loss.",
            "G03",
        ),
    ),
    (
        lambda r: "TypeError" in r.types and bool(r.inside) and r.inside[-1].startswith("_check_input_dtype"),
        (
            "The gradient is taken with respect to whole numbers. JAX differentiates by the first argument if nothing else "
            "is said.",
            "The gradient is wanted with respect to the parameters: make them the first argument.",
            "G06",
        ),
    ),
    (
        lambda r: _gradients(r) == "number",
        (
            "A single number came where the gradients are wanted. `jax.value_and_grad` gives the value first.",
            "Look at the order in which you take the two apart.",
            "G05",
        ),
    ),
    (
        lambda r: _gradients(r) == "array",
        (
            "One array came where the gradients are wanted: a tree like that of the parameters. JAX differentiates by the "
            "first argument if nothing else is said.",
            "Print the shape of your gradient, and compare it with the argument that it belongs to.",
            "G06",
        ),
    ),
    (
        lambda r: _gradients(r) == "function",
        (
            "A function came where the gradients are wanted. `jax.grad(f)` is a function; it gives gradients when it is "
            "called.",
            "Call it with the parameters and the batch.",
            "P13",
        ),
    ),
    (
        lambda r: _gradients(r) == "tuple" and _held(r, "update_fn", "state") != "tuple",
        (
            "The optimizer was handed its own state where the gradients are wanted.",
            "`update` takes the gradients first, then the optimizer state, then the parameters.",
            "P10",
        ),
    ),
    (
        lambda r: _held(r, "apply_updates", "updates") == "tuple" and _held(r, "apply_updates", "params") != "tuple",
        (
            "The optimizer state came where the updates are wanted: `update` gives the updates first.",
            "Look at the order in which you take the two results of `update` apart.",
            "P10",
        ),
    ),
    (
        lambda r: "ValueError" in r.types and bool(_gradients(r)) and "tree_map" in r.inside,
        (
            "The gradients have another tree than the parameters that the optimizer state was made for.",
            "Call `init` of the optimizer with exactly what you differentiate by.",
            "P11",
        ),
    ),
    (
        lambda r: r.asked[:1] == ("function",) and (r.doing == "ask init" or "create" in r.inside[:1]),
        (
            "A function was asked for `init`: an optimizer comes into being when the function that makes it is called.",
            "Use the given `tx`, or call the function with its rate.",
            "P12",
        ),
    ),
    (
        lambda r: "TypeError" in r.types and "GradientTransformation" in r.handed,
        (
            "jit takes arrays and numbers; an optimizer is made of functions.",
            "Let the function see the optimizer from outside, and hand over only the optimizer state.",
            "J16",
        ),
    ),
    (
        lambda r: "RuntimeError" in r.types and r.doing == "use what was donated",
        (
            "An array is used that was donated to an earlier call: its memory belongs to the result of that call.",
            "Go on with what the call returned, or leave out the donation.",
            "P19",
        ),
    ),
    (
        lambda r: "ValueError" in r.types and r.doing == "unpack",
        (
            "On the left stand more or fewer names than there are parts on the right.",
            "Print what stands on the right. `value_and_grad` gives two parts, whatever it differentiates.",
            "",
        ),
    ),
    (
        lambda r: "TypeError" in r.types and r.doing == "call",
        (
            "The function that is called in this line takes other arguments than it was given, or takes them by name only.",
            "Look at its signature, for example with `help(...)`.",
            "",
        ),
    ),
)
