# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: kernelspec,jupytext,stateless
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   stateless:
#     exercise: linen_module
# ---

# %% [markdown]
# # Parameters that live outside the model
#
# In PyTorch, a model is a container: you build it, and its weights are in it. In Flax Linen, a
# model is closer to a recipe: it knows *how* to compute, and which ingredients it needs, but it
# owns none of them. The weights are in a separate structure that you hold in your hand.
#
# That feels odd for about half an hour. Then it begins to feel like freedom: you can count the
# weights, scale them, mix them or save them with plain functions, and no model has to be asked.
# In this notebook you will write a network, make its parameters, use them, and take them apart.
#
# ### How to work
#
# - Read from top to bottom and run the cells as you go (Shift + Enter).
# - Where a cell says `raise NotImplementedError`, replace that line with your own code. Keep the
#   names, the order of the arguments and the order of what is returned. All the rest is up to you.
# - Below your answer stands a cell such as `check("net")`. Run it as often as you like.
# - Stuck? Ask for a hint: `stateless hint net` in a terminal, or `!stateless hint net` in a cell.
#   Each question has three of them.
# - Cells that need an answer which you have not written yet tell you so, and do no harm.

# %% tags=["setup"]
from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from autograders import check

Params = Any  # parameters: arrays in a nested dict, as Flax makes them

# %% [markdown]
# ## 1. A layer without weights
#
# A *dense* layer (PyTorch calls it `Linear`) multiplies its input by a matrix, the **kernel**, and
# adds a vector, the **bias**. Here is one with three outputs. Predict first: what will be printed?
# A kernel? Of which shape?

# %%
dense = nn.Dense(features=3)
print(dense)

# %% [markdown]
# Only settings, nearly all of them left at their defaults. There is no kernel, and there could not
# be one: its shape depends on how many inputs there are, and nobody has said that yet.
#
# We get the parameters by calling `init`. It wants two things:
#
# - a **key**, which is JAX's source of random numbers. Even randomness is state, and so it is
#   handed in: the same key always gives the same numbers, another key gives others.
# - a **sample input**. Only its shape and type matter, so zeros or ones will do.

# %%
key = jax.random.key(0)
sample = jnp.ones((2, 4))  # two rows, four inputs each

variables = dense.init(key, sample)
variables

# %% [markdown]
# A dict! At the top it has one entry, `"params"`, and inside are the arrays of this layer: a
# kernel of shape (4, 3) and a bias of shape (3,). (Some layers keep other things beside their
# parameters, and those get an entry of their own. You will not meet any today.)
#
# To use the layer, hand the dict and an input to `apply`:

# %%
y = dense.apply(variables, sample)
print("from apply:  ", y[0])

kernel = variables["params"]["kernel"]
bias = variables["params"]["bias"]
print("by hand:     ", (sample @ kernel + bias)[0])

# %% [markdown]
# The same numbers. `apply` is a plain function of what you hand in: other variables, another
# answer.
#
# And after all this, what has become of `dense` itself? Is it still the same as a brand-new layer
# with the same settings? Predict, then run.

# %%
print("same as a new one:", dense == nn.Dense(features=3))
try:
    dense(sample)
except Exception as error:
    print("called as in PyTorch:", type(error).__name__)

# %% [markdown]
# Nothing was put into it, and without parameters it cannot be called. It is still the recipe.

# %% [markdown]
# ## 2. Your own module
#
# A module of your own is a class with two parts: its **settings**, written as fields with a type,
# and a method **`__call__`** that says how to compute. Flax writes the `__init__` for you from the
# fields. Here is a small example: a dense layer whose answer is squeezed into (-1, 1).

# %%
class Squash(nn.Module):
    features: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        y = nn.Dense(self.features)(x)
        return jnp.tanh(y)


squash = Squash(features=2)
print(jax.tree.map(jnp.shape, squash.init(key, sample)))

# %% [markdown]
# Two remarks:
#
# - `nn.Dense(self.features)(x)` has two pairs of parentheses. The first makes the layer from its
#   settings, the second applies it to `x`.
# - The line `@nn.compact` allows you to make layers right where you use them. (The other style
#   makes them in a method called `setup`. You may use that instead, here and everywhere.)
#
# `jax.tree.map(jnp.shape, ...)` replaces every array by its shape. That is a good way to look at
# parameters: the shapes say more than hundreds of numbers.

# %% [markdown]
# ### Question `net` (3 points)
#
# Write a network with several dense layers one after another, known as a *multilayer perceptron*.
# `features` holds their sizes: `Net((16, 10))` has a layer with 16 outputs, then one with 10.
# Between two layers stands a ReLU (`nn.relu`), which sets negative numbers to zero. After the last
# layer there is none, since its outputs may be negative.
#
# It should work for one layer or for many, and for batches of any size and shape: whatever comes
# before the last axis of `x` is batch, and stays as it is.

# %% nbgrader={"grade": false, "grade_id": "net_answer", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Net(nn.Module):
    """A multilayer perceptron: a dense layer per entry of `features`, ReLU between them.

    Contract: state in, state out. The parameters belong to the dense layers; nothing else is kept,
    neither on `self`, in a global, in a default argument nor in a Ref that outlives the call.
    """

    features: Sequence[int]

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Compute the outputs of the last layer.

        Args:
            x: float32, shape (..., d), with one or more leading batch axes.

        Returns:
            float32, shape (..., features[-1]), with no ReLU after the last layer.
        """
        ### BEGIN SOLUTION
        for size in self.features[:-1]:
            x = nn.relu(nn.Dense(size)(x))
        return nn.Dense(self.features[-1])(x)
        ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "net", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("net")

# %% [markdown]
# Predict the shapes of all parameters of `Net((16, 10))` for inputs with four numbers. Then look.
# Flax has chosen the names of the layers.

# %%
try:
    net_variables = Net((16, 10)).init(key, sample)
    for path, leaf in jax.tree_util.tree_leaves_with_path(net_variables):
        print(jax.tree_util.keystr(path), leaf.shape)
except NotImplementedError:
    print("Solve net first, then run this cell again.")

# %% [markdown]
# ## 3. Make the parameters, use the parameters
#
# From now on, the model and its parameters lead separate lives. It helps to have two small
# functions: one that makes the parameters, one that uses them.
#
# ### Question `init_and_apply` (2 points)
#
# Write them for your own `Net((32, 10))`. You choose what `params` is: the whole dict that `init`
# returns, or only what stands under `"params"` in it. What counts is that `forward` understands
# what `init_params` makes, and that it computes with the `params` that it is **given**.

# %% nbgrader={"grade": false, "grade_id": "init_and_apply_answer", "locked": false, "schema_version": 3, "solution": true, "task": false}
def init_params(key: jax.Array, sample: jax.Array) -> Params:
    """Make fresh parameters for `Net((32, 10))`.

    Contract: state in, state out. Nothing is kept in a global, in a default argument or in a Ref
    that outlives the call; the same key gives the same parameters.

    Args:
        key: a random key, as made by `jax.random.key`.
        sample: an input, float32 of shape (batch, d); only its shape and type matter.

    Returns:
        params: a pytree of float32 arrays, in any form that `forward` takes.
    """
    ### BEGIN SOLUTION
    return Net((32, 10)).init(key, sample)
    ### END SOLUTION


def forward(params: Params, x: jax.Array) -> jax.Array:
    """Compute the outputs of `Net((32, 10))` with the parameters given.

    Contract: state in, state out. Nothing is kept in a global, in a default argument or in a Ref
    that outlives the call; the answer depends on `params` and `x` alone.

    Args:
        params: as returned by `init_params`.
        x: float32, shape (batch, d).

    Returns:
        y: float32, shape (batch, 10).
    """
    ### BEGIN SOLUTION
    return Net((32, 10)).apply(params, x)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "init_and_apply", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("init_and_apply")

# %% [markdown]
# Now some questions to your functions. Predict each line before you run the cell: will the two
# outputs be the same?

# %%
def same(a: jax.Array, b: jax.Array) -> str:
    return "the same" if jnp.allclose(a, b, atol=1e-5) else "different"


try:
    x = jax.random.normal(jax.random.key(9), (5, 64))
    p0 = init_params(jax.random.key(0), x)
    p0_again = init_params(jax.random.key(0), x)
    p1 = init_params(jax.random.key(1), x)

    print("the same key, twice:       ", same(forward(p0, x), forward(p0_again, x)))
    print("two different keys:        ", same(forward(p0, x), forward(p1, x)))

    before = forward(p0, x)
    forward(p1, x)
    print("before and after using p1: ", same(before, forward(p0, x)))
    print("compiled and not compiled: ", same(before, jax.jit(forward)(p0, x)))
except NotImplementedError:
    print("Solve net and init_and_apply first, then run this cell again.")

# %% [markdown]
# Two complete networks, `p0` and `p1`, existed at the same time, and they shared one model. Using
# one could not disturb the other, since there is nowhere for them to meet.
#
# And because the parameters are an argument, asking for a gradient with respect to them is easy:
# `jax.grad` differentiates a function by its first argument. The gradient is a structure of the
# same form as `params`, with one number for each parameter.

# %%
def mean_square(params: Params, x: jax.Array) -> jax.Array:
    return (forward(params, x) ** 2).mean()


try:
    x = jax.random.normal(jax.random.key(9), (5, 64))
    params = init_params(jax.random.key(0), x)
    grads = jax.grad(mean_square)(params, x)
    print("params:", jax.tree.map(jnp.shape, params))
    print("grads: ", jax.tree.map(jnp.shape, grads))
except NotImplementedError:
    print("Solve net and init_and_apply first, then run this cell again.")

# %% [markdown]
# ## 4. Parameters are a tree
#
# Nested dicts with arrays in them: JAX calls such a thing a **pytree**. The dicts are its branches
# and the arrays are its **leaves**. (Tuples, lists and a few more can be branches too.) JAX brings
# functions that treat a whole tree as if it were one array, whatever its form. You need three of
# them. Here is a small tree to try them on:

# %%
tree = {
    "first": {"kernel": jnp.ones((4, 2)), "bias": jnp.array([0.5, -0.5])},
    "second": {"kernel": jnp.full((2, 1), 3.0), "bias": jnp.array([7.0])},
}

# %% [markdown]
# `jax.tree.leaves` gives you all leaves in one list:

# %%
[leaf.shape for leaf in jax.tree.leaves(tree)]

# %% [markdown]
# `jax.tree.map` applies a function to every leaf, and returns a **new** tree of the same form. The
# old one is not touched.

# %%
jax.tree.map(lambda leaf: leaf.max(), tree)

# %% [markdown]
# `jax.tree_util.tree_map_with_path` does the same, and also tells your function where the leaf is.
# The *path* is a tuple with one entry for each branch on the way to the leaf. The name in an entry
# is found under `.key`:

# %%
jax.tree_util.tree_map_with_path(lambda path, leaf: [entry.key for entry in path], tree)

# %% [markdown]
# ### Question `pytrees` (2 points)
#
# Write three small functions that work on **any** nested dict of arrays, not only on the
# parameters of your own network.
#
# One detail deserves care. Not every array is float32: large models often store their parameters
# in half the space, as `bfloat16` or `float16`. A function that quietly turns them into float32
# doubles the memory. So every leaf must keep the type it had. The arrays may come from NumPy, too.

# %% nbgrader={"grade": false, "grade_id": "pytrees_answer", "locked": false, "schema_version": 3, "solution": true, "task": false}
def count_params(params: Params) -> int:
    """Return how many numbers there are in all leaves together, as a Python int.

    Args:
        params: a nested dict with string keys; leaves of any shape, of a floating-point type
            (float32, bfloat16 or float16), from JAX or NumPy.
    """
    ### BEGIN SOLUTION
    return sum(leaf.size for leaf in jax.tree.leaves(params))
    ### END SOLUTION


def scale_params(params: Params, factor: float) -> Params:
    """Return a new tree in which every number is multiplied by `factor`.

    Contract: `params` is not changed, and nothing is kept in a global, in a default argument or
    in a Ref that outlives the call.

    Args:
        params: a nested dict as in `count_params`.
        factor: a Python float.

    Returns:
        A tree of the same structure; each leaf keeps its shape and its dtype.
    """
    ### BEGIN SOLUTION
    return jax.tree.map(lambda leaf: (leaf * factor).astype(leaf.dtype), params)
    ### END SOLUTION


def zero_biases(params: Params) -> Params:
    """Return a new tree in which every leaf named "bias" is zero, and all others are as they were.

    Contract: `params` is not changed, and nothing is kept in a global, in a default argument or
    in a Ref that outlives the call.

    Args:
        params: a nested dict as in `count_params`. A leaf counts as a bias when its own key, the
            last one on its path, is exactly "bias", at any depth.

    Returns:
        A tree of the same structure; each leaf keeps its shape and its dtype.
    """
    ### BEGIN SOLUTION
    def zero_if_bias(path: tuple, leaf: jax.Array) -> jax.Array:
        return jnp.zeros_like(leaf) if path[-1].key == "bias" else leaf

    return jax.tree_util.tree_map_with_path(zero_if_bias, params)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "pytrees", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("pytrees")

# %% [markdown]
# Use them on your own network. How many parameters does `Net((32, 10))` have for inputs with 64
# numbers? Work it out on paper first: two kernels and two biases.

# %%
try:
    params = init_params(jax.random.key(0), jnp.ones((1, 64)))
    print("parameters:             ", count_params(params))

    x = jax.random.normal(jax.random.key(9), (1, 64))
    print("an output:              ", forward(params, x)[0, 0])
    print("with parameters doubled:", forward(scale_params(params, 2.0), x)[0, 0])
    print("the first one, again:   ", forward(params, x)[0, 0])
except NotImplementedError:
    print("Solve the questions above first, then run this cell again.")

# %% [markdown]
# Doubling all parameters gave four times the output, not twice. (Fresh biases are zero. Do you see
# where the four comes from?) And the original `params` are still there, as they were: your
# functions made new trees.

# %% [markdown]
# ## 5. A parameter of your own
#
# `nn.Dense` made its own parameters. How does a module *declare* one? With `self.param`, which
# takes a name, a function that makes the first value, and the shape:
#
# ```python
# value = self.param(name, init_fn, shape)
# ```
#
# - during `init`, it calls `init_fn` with a key and the shape, and stores the result in the dict
#   that you get back;
# - during `apply`, it looks the value up in the dict that you hand in.
#
# Either way, it returns the array. Good functions to begin with are found in `nn.initializers`.
# Here is a module with a single number to be learned, a temperature that all inputs are divided by:

# %%
class Temperature(nn.Module):
    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        temperature = self.param("temperature", nn.initializers.constant(2.0), ())
        return x / temperature


warm = Temperature()
variables = warm.init(key, jnp.ones((3,)))
print(variables)
print(warm.apply(variables, jnp.array([10.0, 20.0, 30.0])))
print(warm.apply({"params": {"temperature": 10.0}}, jnp.array([10.0, 20.0, 30.0])))

# %% [markdown]
# The last line is worth a second look. We wrote a parameter by hand, in a plain dict, and the
# module used it. Parameters are only data.
#
# ### Question `own_parameter` (2 points)
#
# Write the module `Affine`. It computes `y = x * scale + shift` with two parameters of its own,
# named `scale` and `shift`. Each has one number for every position along the **last axis** of `x`.
# At first, `scale` is all ones and `shift` is all zeros, so a fresh `Affine` changes nothing.

# %% nbgrader={"grade": false, "grade_id": "own_parameter_answer", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Affine(nn.Module):
    """Scale and shift along the last axis: `y = x * scale + shift`.

    Contract: state in, state out. The two parameters are declared with `self.param`; nothing else
    is kept, neither on `self`, in a global, in a default argument nor in a Ref that outlives the
    call.
    """

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Scale and shift `x`.

        Args:
            x: float32, shape (..., d), with any number of leading axes.

        Parameters: `scale`, float32 of shape (d,), at first ones; `shift`, float32 of shape (d,),
        at first zeros.

        Returns:
            float32, the shape of `x`.
        """
        ### BEGIN SOLUTION
        shape = (x.shape[-1],)
        scale = self.param("scale", nn.initializers.ones, shape)
        shift = self.param("shift", nn.initializers.zeros, shape)
        return x * scale + shift
        ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "own_parameter", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("own_parameter")

# %% [markdown]
# Your module is now a layer like any other. Predict the output, then run.

# %%
try:
    affine = Affine()
    x = jnp.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    print(jax.tree.map(jnp.shape, affine.init(key, x)))

    by_hand = {"scale": jnp.array([1.0, 10.0, 100.0]), "shift": jnp.array([0.0, 0.0, -1.0])}
    print(affine.apply({"params": by_hand}, x))
except NotImplementedError:
    print("Solve own_parameter first, then run this cell again.")

# %% [markdown]
# ## 6. In your own words
#
# ### Question `explain` (1 point, read by a person)
#
# Where do the parameters of a Flax module live **before** `init`, **after** `init`, and **during**
# `apply`? And where do those of a PyTorch module live?
#
# Three to five sentences are enough. A good answer names the place at each of the three moments
# (who holds the arrays, and how does the module get at them?), and says what is different in
# PyTorch.

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# Before `init` there are no parameters anywhere: the module holds only its settings, and does not
# even know the shapes yet. `init` makes the arrays and returns them in a nested dict, which belongs
# to the caller; the module itself is as empty as before. During `apply` the module borrows them: it
# reads the values from the dict that is passed in, and forgets them when the call is over. In
# PyTorch the parameters are made when the module is built, live inside it (`self.weight`) for as
# long as it lives, and are overwritten there by the optimizer.
# ### END SOLUTION

# %% [markdown]
# ## What you take with you
#
# - A module is a recipe: settings, and a way to compute. `init` **makes** the parameters, `apply`
#   **uses** those you hand in, and you own them in between.
# - Parameters are a tree of arrays, and plain functions on trees do all the work on them.
# - A gradient has the form of the parameters, so it is a tree as well.
#
# Two trees of the same form, parameters and gradients: that is nearly a step of training. In the
# next notebook, `train_step`, you will write one, and teach a network to read digits.
