"""What the exceptions of Flax Linen mean to a learner: (why, hint, misconception) by class, or by circumstances."""

from autograders.learner.messages import Raised

Explanation = tuple[str, str, str]

BY_CLASS: dict[str, Explanation] = {
    "CallCompactUnboundModuleError": (
        "A Linen module holds no parameters of its own, so it cannot be called like a function.",
        "Let `apply` do the calling: it takes the parameters and the input.",
        "L01",
    ),
    "CallSetupUnboundModuleError": (
        "`setup` is called by Linen itself, inside `init` and `apply`; outside them there are no parameters to set up.",
        "Remove the call of `setup`, and use `init` and `apply`.",
        "L27",
    ),
    "AssignSubModuleError": (
        "Layers can only be made in `setup`, or in a method marked `@nn.compact`.",
        "Put `@nn.compact` above `def __call__`.",
        "L03",
    ),
    "SetAttributeFrozenModuleError": (
        "A Linen module cannot be changed while it is applied: it keeps no state.",
        "Use a local variable inside `__call__`; fields are set when the module is made.",
        "L04",
    ),
    "SetAttributeInModuleSetupError": (
        "A Linen module cannot be changed outside `setup`.",
        "Use a local variable, or `self.param` for a parameter.",
        "L04",
    ),
    "IncorrectPostInitOverrideError": (
        "Linen modules are dataclasses; their `__init__` is written for them.",
        "Declare fields (`features: Sequence[int]`) and use `setup` instead of `__init__`.",
        "L06",
    ),
    "NameInUseError": (
        "Two layers or parameters of one module were given the same name, so their parameters would lie in one place.",
        "Give each its own name, for example with a number in it, or leave the naming to Linen.",
        "L21",
    ),
    "ScopeParamShapeError": (
        "The parameters were made for inputs of another width than the one that came now.",
        "Only the last axis may go into a kernel's shape; leave the batch axes alone.",
        "L12",
    ),
    "ScopeParamNotFoundError": (
        "The module asks for a parameter that is not among those it was given: they were made by another module.",
        "Use one and the same network in `init` and in `apply`.",
        "",
    ),
    "ScopeCollectionNotFound": (
        "`apply` wants the variables under the name of their collection.",
        "Hand over the whole dict that `init` returned, or put the name of the collection around its inner part.",
        "L10",
    ),
    "ApplyScopeInvalidVariablesStructureError": (
        "The parameters arrived with one layer of `{'params': ...}` too many.",
        "Keep either the whole dict of `init` or its inner part, and hand over what fits.",
        "L10",
    ),
    "ModifyScopeVariableError": (
        "A variable of the module is written while it is applied, and `apply` allows that only for the collections "
        "that are named to it.",
        "A network that only computes needs no variables beside its parameters: remove the writing.",
        "M01",
    ),
    "InvalidRngError": (
        "Linen was not given the random key that it needs: one key, as `jax.random.key` makes it, not a number and "
        "not several keys.",
        "Hand on the key that comes in, as the first argument of `init`.",
        "",
    ),
}


def by_circumstances(raised: Raised) -> Explanation | None:
    """An explanation for an exception of a general class, where it arose in a way that only one mistake has."""
    return next((explanation for holds, explanation in CIRCUMSTANCES if holds(raised)), None)


def _asked_a_module(raised: Raised) -> bool:
    return "AttributeError" in raised.types and "Module" in raised.asked


def _handed_a_module(raised: Raised) -> bool:
    return "Module" in raised.handed and raised.types[0] == "TypeError"


CIRCUMSTANCES = (
    (
        lambda r: r.types[0] == "ValueError" and "_process_class" in r.inside,
        (
            "A list or a dict as the default of a field would be one object, shared by all modules: Python refuses it.",
            "Leave the default out, or use a tuple.",
            "L08",
        ),
    ),
    (
        lambda r: _asked_a_module(r) and r.asked[0] == "self",
        (
            "What `setup` makes exists only inside `init` and `apply`: a Linen module that is called like a function "
            "has neither layers nor parameters.",
            "Let `apply` do the calling: it takes the parameters and the input.",
            "L01",
        ),
    ),
    (
        _asked_a_module,
        (
            "A Linen module is a recipe: it has its fields, but neither parameters nor layers to look at.",
            "Parameters are in the dict that `init` returns; take them from there.",
            "L02",
        ),
    ),
    (
        lambda r: "AttributeError" in r.types and r.asked[:1] == ("tuple",) and r.where == "__call__",
        (
            "Linen turns the lists of a module into tuples, so that nothing can be kept in them.",
            "A module keeps no state: use a local variable inside `__call__`.",
            "L05",
        ),
    ),
    (
        lambda r: r.types[0] == "SetAttributeFrozenModuleError" and "__setattr__.val=whole number" in r.called,
        (
            "A Linen module cannot be changed while it is applied, so it cannot count either.",
            "A network only computes: leave the counting to whoever calls it.",
            "L05",
        ),
    ),
    (
        lambda r: r.types[0] == "UnexpectedTracerError" and bool({"split", "fold_in"} & set(r.inside[:4])),
        (
            "A random key that was split while JAX traced was kept outside, in a global or an attribute, and used again.",
            "Use the key that comes in, and keep none.",
            "R05",
        ),
    ),
    (
        lambda r: r.types[0] == "TypeError" and r.handed == ("nothing",),
        (
            "A function of JAX, such as an activation, was called without any argument. In PyTorch an activation is "
            "a layer to be made first; here it is a function.",
            "Hand over the function itself, without the brackets.",
            "L14",
        ),
    ),
    (
        lambda r: r.types[0] == "TypeError" and "param.init_fn=method" in r.called,
        (
            "What stands in a class without a type is no field: a function becomes a method, and is called with `self`.",
            "Give the field its type, such as `Callable`, or use the initializer where it is needed.",
            "L07",
        ),
    ),
    (
        lambda r: _handed_a_module(r) and not r.line and "dict" not in r.handed,
        (
            "jit was put on a method of the module, and takes `self` for an argument that it should compile for.",
            "Leave the module as it is, and put jit on a function that calls `apply`.",
            "L23",
        ),
    ),
    (
        _handed_a_module,
        (
            "jit takes arrays and numbers; a module is neither.",
            "Let the function see the module from outside, and hand it the parameters and the input.",
            "J15",
        ),
    ),
    (
        lambda r: r.types[0] == "InvalidRngError" and r.handed[:1] == ("int",),
        (
            "A number is no random key: Linen needs one that `jax.random.key` made.",
            "Hand on the key that comes in, as the first argument of `init`.",
            "R11",
        ),
    ),
    (
        lambda r: r.types[0] == "InvalidRngError" and r.handed[:1] == ("keys",),
        (
            "Linen wants one key here, and splits it for its layers by itself; this is an array of several.",
            "Hand on the key that comes in, without splitting it.",
            "R09",
        ),
    ),
    (
        lambda r: r.types[0] == "ValueError" and r.inside[:1] == ("param",),
        (
            "Parameters can only be made in `setup`, or in a method marked `@nn.compact`.",
            "Put `@nn.compact` above `def __call__`.",
            "L03",
        ),
    ),
    (
        lambda r: r.types[0] == "TypeError" and r.inside[:1] == ("param",),
        (
            "The second argument of `self.param` is a function that makes the first value: it is called with a key, "
            "and with what stands after it.",
            "Hand over a function of key and shape, such as those in `nn.initializers`, without calling it.",
            "L18",
        ),
    ),
)
