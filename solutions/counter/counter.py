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
#     exercise: counter
# ---

# %% [markdown]
# # From a stateful Counter to a pure function
#
# Anything that learns has to remember something: its weights, how many steps it has taken, a
# running average. What is remembered is called **state**. This notebook asks one question about
# it: **where does the state live?**
#
# You will study the smallest program that remembers anything, a counter. You will see what happens
# when JAX compiles a counter that keeps its number to itself, and then write one that works.
# About an hour from now, the sentence *"state in, state out"* should feel obvious.
#
# ### How to work
#
# - Read from top to bottom and run the cells as you go (Shift + Enter).
# - Where a cell says `raise NotImplementedError`, replace that line with your own code. Keep the
#   names, the order of the arguments and the order of what is returned. All the rest is up to you.
# - Below your answer stands a cell such as `check("counter_v2")`. Run it as often as you like.
# - Stuck? Ask for a hint: `stateless hint counter_v2` in a terminal, or
#   `!stateless hint counter_v2` in a cell. Each question has three of them.
# - Cells that need an answer which you have not written yet tell you so, and do no harm.

# %% tags=["setup"]
from typing import Any

import jax
import jax.numpy as jnp
from IPython.display import display

from autograders import check
from autograders.display.pictures import curve, state_through_calls

State = Any  # whatever you choose to carry along: an int, a tuple, a dict, ...

# %% [markdown]
# ## 1. Four libraries, one question
#
# Here is one step of training, a single layer fitted to some data, in four libraries. You do not
# have to run any of it, or even know the libraries. Read each one with a single question in mind:
# **which line changes the weights, and where were they kept?**
#
# #### PyTorch (Python)
# ```python
# model = torch.nn.Linear(3, 1)                       # the weights are inside model
# optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
#
# loss = ((model(x) - y) ** 2).mean()
# optimizer.zero_grad()
# loss.backward()                                     # writes gradients into the parameters
# optimizer.step()                                    # overwrites the parameters
# ```
#
# #### Flux (Julia)
# ```julia
# model = Flux.Dense(3 => 1)                          # the weights are inside model
# opt_state = Flux.setup(Descent(0.1), model)
#
# grads = Flux.gradient(m -> Flux.mse(m(x), y), model)
# Flux.update!(opt_state, model, grads[1])            # overwrites the weights; ! means "changes"
# ```

# %% [markdown]
# #### Lux (Julia)
# ```julia
# model = Lux.Dense(3 => 1)                           # no weights in here
# ps, st = Lux.setup(rng, model)                      # parameters and state stand beside it
# opt_state = Optimisers.setup(Descent(0.1), ps)
#
# loss(ps) = mean(abs2, first(model(x, ps, st)) .- y)         # the parameters go into the call
# grads = only(Zygote.gradient(loss, ps))
# opt_state, ps = Optimisers.update(opt_state, ps, grads)     # new ones come out
# ```
#
# #### Flax Linen (Python, on JAX)
# ```python
# model = nn.Dense(1)                                 # no weights in here
# params = model.init(key, x)                         # the parameters stand beside it
# opt_state = tx.init(params)                         # tx is an optimizer: optax.sgd(0.1)
#
# def loss(params):
#     return ((model.apply(params, x) - y) ** 2).mean()       # the parameters go into the call
#
# grads = jax.grad(loss)(params)
# updates, opt_state = tx.update(grads, opt_state)
# params = optax.apply_updates(params, updates)       # new ones come out
# ```

# %% [markdown]
# Side by side:
#
# | | PyTorch | Flux | Lux | Flax Linen |
# |---|---|---|---|---|
# | Where are the weights? | inside `model` | inside `model` | in `ps` | in `params` |
# | How is it called? | `model(x)` | `model(x)` | `model(x, ps, st)` | `model.apply(params, x)` |
# | What does a step do? | overwrites them | overwrites them | returns new ones | returns new ones |
# | Same call, same answer? | until the next step | until the next step | always | always |
#
# The two on the left keep their state **inside**. The two on the right keep it **outside**: it
# travels through every call, in as an argument and out as a result.
#
# The left looks easier to write, so why would anybody choose the right? The rest of this notebook
# is the answer.

# %% [markdown]
# ## 2. A counter that remembers by itself
#
# Here is our smallest model. It has one number, `n`, and keeps it inside. (This cell is given:
# please run it, but leave it as it is.)

# %% nbgrader={"grade": false, "grade_id": "given_counter", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["setup"]
class Counter:
    """A counter that keeps its number inside, on `self`."""

    def __init__(self) -> None:
        self.n = 0

    def count(self) -> int:
        """Count one step further and return the new number."""
        self.n += 1
        return self.n

    def reset(self) -> None:
        """Start again from 0."""
        self.n = 0

# %% [markdown]
# What will `jax.jit` do to it? `jax.jit(f)` gives you a faster version of the function `f`:
#
# - **The first time you call it**, JAX runs your Python code once, to *watch* it. It writes down
#   every operation on arrays that it sees. This is called **tracing**. The list of operations is
#   then compiled into a program.
# - **From then on**, as long as the arguments have the same shapes and types, JAX runs that
#   program. Your Python code is not run again.
#
# A `print` shows this nicely. Predict first: how many times will the line be printed below?

# %%
def double(x: float) -> float:
    print("Python is running this line.")
    return 2 * x


fast_double = jax.jit(double)
for x in (1.0, 2.0, 3.0):
    print("The answer is", fast_double(x))

# %% [markdown]
# Three right answers, one visit by Python. The multiplication is in the compiled program, and the
# `print` is not: it is not an operation on arrays, so it was not written down.
#
# Now back to the counter, where Python does something more important than printing.

# %% [markdown]
# ### Question `predict` (2 points)
#
# Write down what you expect **before** you run anything. It is fine to be wrong at first: being
# surprised is the point. Each of the four lines below is about a counter `c = Counter()`:
#
# 1. `eager_calls`: a fresh `c`, no `jit`. What do three calls of `c.count()` return?
# 2. `jitted_calls`: a fresh `c`, and `f = jax.jit(c.count)`. What do three calls of `f()` return?
# 3. `jitted_after_five_eager`: this `c` has first counted five times with plain `c.count()`. Only
#    then comes `f = jax.jit(c.count)`. What do three calls of `f()` return?
# 4. `python_side_n`: after the three calls of `f()` in number 2, what is `c.n`?
#
# The first three are lists of three whole numbers, such as `[7, 7, 7]`. The last is one number.
# Each is worth half a point.

# %% nbgrader={"grade": false, "grade_id": "predict_answer", "locked": false, "schema_version": 3, "solution": true, "task": false} stub="eager_calls = ...  # three whole numbers: c.count() on a fresh c\njitted_calls = ...  # three whole numbers: jax.jit(c.count) on a fresh c\njitted_after_five_eager = ...  # three whole numbers: the same, after five plain calls\npython_side_n = ...  # one whole number: c.n after the three jitted calls on the fresh c"
# Put your predictions in place of the dots.
### BEGIN SOLUTION
eager_calls = [1, 2, 3]
jitted_calls = [1, 1, 1]
jitted_after_five_eager = [6, 6, 6]
python_side_n = 1
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "predict", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("predict")

# %% [markdown]
# Now see for yourself.

# %%
c = Counter()
print("eager:                    ", [c.count() for _ in range(3)])

c = Counter()
f = jax.jit(c.count)
print("jitted:                   ", [int(f()) for _ in range(3)])
print("c.n after that:           ", c.n)

c = Counter()
for _ in range(5):
    c.count()
f = jax.jit(c.count)
print("jitted, after five eager: ", [int(f()) for _ in range(3)])

# %% [markdown]
# There was no error and no warning, only a counter that stopped counting. If it were a training
# loop, it would be a model that stopped learning.
#
# And notice that the rule is *not* "a jitted counter returns 1". The last line returned another
# number.

# %% [markdown]
# ## 3. Look at the program
#
# We do not have to guess what JAX wrote down: `jax.make_jaxpr` shows it to us. A **jaxpr** is
# JAX's list of operations, and it is read like this:
#
# ```
# { lambda ; inputs . let  operations  in (outputs) }
# ```
#
# Predict first: which inputs and which operations will the program of our counter have?

# %%
jax.make_jaxpr(Counter().count)()

# %% [markdown]
# Leave the types away and it reads `{ lambda ; . let in (1,) }`. (The `i32[]` behind the 1 says
# what kind of number it is: a 32-bit integer with an empty shape, that is, a single number.)
#
# No inputs. No operations, not even an addition. One output, the constant 1. This program could
# not count if it wanted to.
#
# For comparison, here is the program of `double`, written in one line and without its `print`:

# %%
jax.make_jaxpr(lambda x: 2 * x)(1.0)

# %% [markdown]
# One input `a`, one multiplication, one output `b`. What came in as an **argument** is part of the
# program. What was merely lying around in Python has been used up before the program exists.

# %% [markdown]
# ## 4. State in, state out
#
# So let us make the state an argument. And since the caller must get the changed state back, let
# us make it a result as well. Here is that idea on another example, the Fibonacci numbers
# 0, 1, 1, 2, 3, 5, 8, ... What has to be remembered is two numbers:

# %%
def fibonacci(state: State) -> tuple[Any, State]:
    """Return the next Fibonacci number, and the new state."""
    a, b = state
    return a, (b, a + b)


state = (0, 1)
for _ in range(8):
    value, state = fibonacci(state)
    print(value, end="  ")

# %% [markdown]
# Look closely at the line `value, state = fibonacci(state)`. The state goes in on the right and
# comes out, renewed, on the left. Handing it on from call to call like this is called
# **threading** the state. Forget it, and every call starts from the beginning.
#
# A function such as `fibonacci` is called **pure**: what it returns depends only on what it is
# given, and it changes nothing else. Being pure is exactly what survives `jax.jit`:

# %%
fast_fibonacci = jax.jit(fibonacci)
state = (0, 1)
for _ in range(8):
    value, state = fast_fibonacci(state)
    print(value, end="  ")

# %% [markdown]
# For a counter, three threaded calls look like this. Blue is the state that travels, orange is the
# value that each call hands out.

# %%
state_through_calls("count", states=["0", "1", "2", "3"], values=["1", "2", "3"])

# %% [markdown]
# ### Question `counter_v2` (3 points)
#
# Write `CounterV2`, a counter in this style.
#
# The contract, for this and all later questions: **state in, state out. Nothing is kept on `self`,
# in a global variable, in a default argument, or in a `Ref` that outlives the call.** (A `Ref` is
# JAX's own box for a value that can be changed. It has its uses, but not here.)
#
# You choose what the state is: an `int` will do, and so will a tuple or a dict of numbers. If you
# choose a dict, build a new one instead of changing the one you were given: its owner may still
# need it.

# %% nbgrader={"grade": false, "grade_id": "counter_v2_answer", "locked": false, "schema_version": 3, "solution": true, "task": false}
class CounterV2:
    """A counter that remembers nothing by itself.

    Contract: state in, state out. Nothing is kept on `self`, in a global, in a default argument
    or in a Ref that outlives the call.
    """

    def count(self, n: State) -> tuple[jax.Array | int, State]:
        """Count one step further.

        Args:
            n: the state, as returned by `reset()` or by an earlier call of `count`.

        Returns:
            value: a single whole number (under `jit`, an int32 array of shape ()); threaded from
                `reset()`, the values are 1, 2, 3, ...
            new_n: the state for the next call, with the structure, shapes and dtypes of `n`.
        """
        ### BEGIN SOLUTION
        new_n = n + 1
        return new_n, new_n
        ### END SOLUTION

    def reset(self) -> State:
        """Return the state of a counter that has not counted yet (numbers or arrays only)."""
        ### BEGIN SOLUTION
        return 0
        ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "counter_v2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("counter_v2")

# %% [markdown]
# Now the moment of truth. Here is the program that JAX writes down for **your** counter. Predict
# it first: how many inputs, which operation, how many outputs?

# %%
try:
    your_counter = CounterV2()
    print(jax.make_jaxpr(your_counter.count)(your_counter.reset()))
except NotImplementedError:
    print("Solve counter_v2 first, then run this cell again.")

# %% [markdown]
# There it is: an input, an addition, and two outputs, the value and the new state. (There are more
# of each if your state has several numbers.)
# Compare it with `{ lambda ; . let in (1,) }`.
#
# And here is something that the old `Counter` could never do. Since a state is a value like any
# other, you can keep an old one and go back to it:

# %%
try:
    your_counter = CounterV2()
    fast_count = jax.jit(your_counter.count)

    first, after_one = fast_count(your_counter.reset())
    second, after_two = fast_count(after_one)
    third, after_three = fast_count(after_two)
    print("forward:          ", first, second, third)

    again, _ = fast_count(after_one)
    print("from an old state:", again)
except NotImplementedError:
    print("Solve counter_v2 first, then run this cell again.")

# %% [markdown]
# With a counter, that is a toy. With a model, it means that you can keep the best weights of a run,
# try two different next steps from the same point, or repeat a bad step to see what went wrong.

# %% [markdown]
# ## 5. When the value is not the state
#
# In the counter, the value and the state happen to be the same number. Usually they are not. Here
# is a class that reports the mean of all numbers seen so far. (It is given, as before.)

# %% nbgrader={"grade": false, "grade_id": "given_running_mean", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["setup"]
class RunningMean:
    """The mean of all numbers seen so far, kept inside, on `self`."""

    def __init__(self) -> None:
        self.total = 0.0
        self.n = 0

    def update(self, x: float) -> float:
        """Take one more number in, and return the mean of all of them."""
        self.total += x
        self.n += 1
        return self.total / self.n

    def reset(self) -> None:
        """Forget all numbers."""
        self.total = 0.0
        self.n = 0

# %%
running = RunningMean()
print([running.update(x) for x in (2.0, 4.0, 9.0)])

# %% [markdown]
# The mean alone is not enough to carry on. Suppose you know that the mean so far is 3.0, and the
# next number is 9.0. What is the new mean? You cannot tell, because you do not know how many
# numbers there were.
#
# ### Question `running_mean` (2 points)
#
# Write the pure form of this class, as two functions: one makes the first state, the other takes
# a state and a number, and returns **the mean first, then the new state**.
#
# One thing is new. It should work for arrays too, element by element: with
# `state = init_mean((3,))`, every `x` is an array of three numbers, and so is every mean. Without
# an argument, `init_mean()` is for single numbers.

# %% nbgrader={"grade": false, "grade_id": "running_mean_answer", "locked": false, "schema_version": 3, "solution": true, "task": false}
def init_mean(shape: tuple[int, ...] = ()) -> State:
    """Return the state of a running mean that has seen nothing yet.

    Args:
        shape: the shape of each `x` to come; `()` means single numbers.
    """
    ### BEGIN SOLUTION
    total = jnp.zeros(shape)
    n = 0
    return total, n
    ### END SOLUTION


def update_mean(state: State, x: jax.Array | float) -> tuple[jax.Array, State]:
    """Take one more `x` in.

    Contract: state in, state out. Nothing is kept in a global, in a default argument or in a Ref
    that outlives the call, and the `state` given is not changed.

    Args:
        state: as returned by `init_mean` or by an earlier call.
        x: a floating-point number, or a float32 array of the shape given to `init_mean`.

    Returns:
        mean: the mean of all `x` so far, this one included, in floating point and the shape of `x`.
        state: the state for the next call, with the same structure and shapes.
    """
    ### BEGIN SOLUTION
    total, n = state
    total = total + x
    n = n + 1
    return total / n, (total, n)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "running_mean", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("running_mean")

# %% [markdown]
# Let us roll a die 300 times and hand each roll to your function, compiled. The mean of a fair die
# is 3.5 (the dashed line). Where will the curve start, and when will it get calm?

# %%
try:
    rolls = jax.random.randint(jax.random.key(6), (300,), 1, 7).astype(jnp.float32)
    fast_update = jax.jit(update_mean)

    state = init_mean()
    means = []
    for roll in rolls:
        mean_so_far, state = fast_update(state, roll)
        means.append(mean_so_far)
    display(curve(means, "rolls so far", "running mean", level=3.5))
except NotImplementedError:
    print("Solve running_mean first, then run this cell again.")

# %% [markdown]
# Because your function is pure, JAX can do more with it than compile it. `jax.vmap` turns a
# function of one thing into a function of many things at once: below, four running means side by
# side. `jax.grad` differentiates it: by how much does the mean move when the last number moves?
# Predict the second answer for a mean of three numbers.

# %%
try:
    four_states = jax.vmap(lambda _: init_mean())(jnp.arange(4))
    means, four_states = jax.vmap(update_mean)(four_states, jnp.array([1.0, 2.0, 3.0, 4.0]))
    means, four_states = jax.vmap(update_mean)(four_states, jnp.array([9.0, 9.0, 9.0, 9.0]))
    print("four means at once:", means)

    state = init_mean()
    for x in (2.0, 4.0):
        mean_so_far, state = update_mean(state, x)
    print("d mean / d x:      ", jax.grad(lambda x: update_mean(state, x)[0])(9.0))
except NotImplementedError:
    print("Solve running_mean first, then run this cell again.")

# %% [markdown]
# ## 6. Many steps in one program
#
# So far a Python loop has done the threading. JAX can do it too, inside the compiled program, with
# `jax.lax.scan`. You give it a step function, the first state, and the things to go through:
#
# ```python
# last_state, outputs = jax.lax.scan(step, first_state, xs)
# ```
#
# JAX calls the state a *carry*. The step function takes the carry and one of the `xs`, and returns
# **the new carry first, then an output**. Mind the order: it is the other way round than in your
# functions above. All outputs are stacked into one array. Here is a sum that keeps all its
# intermediate results:

# %%
def add_to_total(total: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return the new carry, and an output (here both are the new total)."""
    total = total + x
    return total, total


last_total, all_totals = jax.lax.scan(add_to_total, 0.0, jnp.array([10.0, 20.0, 30.0, 40.0]))
print(last_total)
print(all_totals)

# %% [markdown]
# When there is nothing to go through, and you only want a number of rounds, leave `xs` out and say
# `length=...`. The step function is then given `None` as its second argument.
#
# ### Question `count_many` (2 points)
#
# Count `n` steps with **your own `CounterV2`**, in one `jax.lax.scan` (or one
# `jax.lax.fori_loop`), starting from any state that your counter can be in. `n` is an ordinary
# Python number, known while tracing. It may be 0.

# %% nbgrader={"grade": false, "grade_id": "count_many_answer", "locked": false, "schema_version": 3, "solution": true, "task": false}
def count_many(state: State, n: int) -> tuple[jax.Array, State]:
    """Count `n` steps in one program that does not grow with `n`.

    Contract: state in, state out. Nothing is kept in a global, in a default argument or in a Ref
    that outlives the call.

    Args:
        state: a state of `CounterV2`, from `reset()` or reached by counting.
        n: the number of steps, a Python int, 0 or more.

    Returns:
        values: the `n` values in order, an integer array of shape (n,).
        state: the state after the last step.
    """
    ### BEGIN SOLUTION
    counter = CounterV2()

    def step(state: State, _: None) -> tuple[State, jax.Array]:
        value, state = counter.count(state)
        return state, value

    state, values = jax.lax.scan(step, state, length=n)
    return values, state
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "count_many", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("count_many")

# %% [markdown]
# Was it worth it? Below, the same counting is written as an ordinary Python loop. Both are traced
# for 3, 30 and 300 steps, and we count the lines of the program that JAX writes down. Predict the
# two columns.

# %%
def count_in_a_python_loop(state: State, n: int) -> tuple[jax.Array, State]:
    values = []
    for _ in range(n):
        value, state = CounterV2().count(state)
        values.append(value)
    return jnp.stack(values), state


def program_lines(function: Any, n: int) -> int:
    program = jax.make_jaxpr(function, static_argnums=1)(CounterV2().reset(), n)
    return len(str(program).splitlines())


try:
    looped = {n: program_lines(count_in_a_python_loop, n) for n in (3, 30, 300)}
    scanned = {n: program_lines(count_many, n) for n in looped}
    print("steps   Python loop   count_many")
    for n in looped:
        print(f"{n:5}   {looped[n]:11}   {scanned[n]:10}")
except NotImplementedError:
    print("Solve counter_v2 and count_many first, then run this cell again.")

# %% [markdown]
# The Python loop was unrolled: Python ran it while JAX was watching, so every round was written
# down again. A long program takes long to compile. Yours stays small however far it counts, and
# it could be a whole training run, thousands of steps in one program. All it took was a step that
# takes its state in and gives its state out.

# %% [markdown]
# ## 7. In your own words
#
# ### Question `explain` (1 point, read by a person)
#
# Why did `jax.jit(counter.count)` keep returning the same number?
#
# Answer in two to five sentences, as you would tell a friend who knows Python but not JAX. A good
# answer says **when and how often** the Python code of `count` ran, **what became of
# `self.n += 1`**, and **what the compiled program holds in its place**.

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# `jax.jit` runs the Python code of `count` only once, on the first call, to write down the
# operations on arrays that it sees. In that one run, `self.n += 1` was ordinary Python: it changed
# `self.n` on the spot, and what `count` returned was a plain number. So nothing was left for the
# program to compute: it has no input and no addition, only that number as a constant. Every later
# call runs this program, not the Python code, and so returns the same number, while `self.n` never
# changes again. Because `n` was neither an argument nor part of the result, JAX could not know that
# it was meant to change.
# ### END SOLUTION

# %% [markdown]
# ## What you take with you
#
# - `jax.jit` runs your Python **once, to watch it**. Later calls run what was written down.
# - Only what comes in as an argument can differ from call to call, and only what goes out as a
#   result can be remembered.
# - **State in, state out**: then you can compile a function, map it, differentiate it, scan it,
#   and go back to any moment of its past.
#
# In the next notebook, `linen_module`, the state is no longer one number but all the weights of a
# neural network. The idea stays the same.
