"""Calls whose results nobody takes are found in the bytecode, under wrappers and in helpers too."""

import functools

import pytest

from autograders.learner import dropped


def names(source: str) -> tuple[str, ...]:
    space = {"functools": functools}
    exec(compile(source, "<submission>", "exec"), space)
    return dropped.names(space["f"], space)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("s._replace(n=s.n + 1)", "_replace"),
        ("s.params['w'].at[0].set(1)", "set"),
        ("jax.tree.map(lambda leaf: leaf * 2, s)", "map"),
        ("optax.apply_updates(s,\n        s)", "apply_updates"),
        ("double(s)", "double"),
    ],
)
def test_a_result_that_nobody_takes(line, name):
    assert names(f"def f(s):\n    {line}\n    return s") == (name,)


@pytest.mark.parametrize(
    "line", ["s = s._replace(n=1)", "s.n", "return s.replace(n=1)", "[s.replace(n=1)]", "a = g(s)"]
)
def test_a_result_that_is_taken(line):
    assert names(f"def f(s):\n    {line}\n    return s") == ()


def test_helpers_and_wrappers_are_looked_into():
    helper = "def g(s):\n    s.replace(n=1)\n    return s\n"
    assert names(helper + "def f(s):\n    return g(s)") == ("replace",)
    assert names(helper + "f = functools.partial(g)") == ("replace",)
    assert names(helper + "f = functools.lru_cache(g)") == ("replace",)


def test_a_library_is_not_looked_into():
    assert dropped.names(functools.reduce, {}) == ()
    assert dropped.names(functools.partial(pytest.main), {}) == ()
