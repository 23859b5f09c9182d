"""The interpreter gives what XLA gives, for every operation that is left to it, and is left nothing that could end it."""

import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export, lax

from autograders.sandbox import interpreter

pytestmark = pytest.mark.skipif(
    jax.default_backend() != "cpu" or jax.__version_info__ < interpreter.TRIED_FROM,
    reason="elsewhere, all programs are compiled",
)
NUMBERS = np.array([-np.inf, -3.7e9, -2.5, -1.0, -0.0, 0.0, 0.25, 1.0, 3.5, 200.0, np.inf, np.nan], np.float32)
WHOLE = np.array([-(2**31), -7, -1, 0, 1, 2, 31, 2**31 - 1], np.int32)
BITS = np.array([0, 1, 31, 2**32 - 1], np.uint32)
TABLE = np.arange(12, dtype=np.float32).reshape(3, 4)


def shifted(x: jax.Array) -> jax.Array:
    return x[::-1]


OF_EACH_NUMBER: dict[str, list[tuple[Callable, tuple]]] = {
    "abs": [(jnp.abs, (NUMBERS,)), (jnp.abs, (WHOLE,))],
    "add": [(lambda x: x + shifted(x), (x,)) for x in (NUMBERS, WHOLE, BITS)],
    "and": [(lambda x: (x > 0) & (x < 3), (NUMBERS,)), (lambda x: x & 6, (WHOLE,))],
    "ceil": [(jnp.ceil, (NUMBERS,))],
    "clamp": [(lambda x: lax.clamp(jnp.float32(-1), x, jnp.float32(2)), (NUMBERS,))],
    "compare": [(lambda x: [x < shifted(x), x <= shifted(x), x == shifted(x), x != shifted(x), x > 0], (NUMBERS,))],
    "convert": [(lambda x: [x.astype(jnp.int32), x.astype(bool), x.astype(jnp.uint32)], (NUMBERS,))],
    "cosine": [(jnp.cos, (NUMBERS,))],
    "divide": [(lambda x: x / shifted(x), (NUMBERS,))],
    "exponential": [(jnp.exp, (NUMBERS,))],
    "exponential_minus_one": [(jnp.expm1, (NUMBERS,))],
    "floor": [(jnp.floor, (NUMBERS,))],
    "is_finite": [(jnp.isfinite, (NUMBERS,))],
    "log": [(jnp.log, (NUMBERS,))],
    "log_plus_one": [(jnp.log1p, (NUMBERS,))],
    "maximum": [(lambda x: jnp.maximum(x, shifted(x)), (x,)) for x in (NUMBERS, WHOLE)],
    "minimum": [(lambda x: jnp.minimum(x, shifted(x)), (x,)) for x in (NUMBERS, WHOLE)],
    "multiply": [(lambda x: x * shifted(x), (x,)) for x in (NUMBERS, WHOLE, BITS)],
    "negate": [(lambda x: -x, (x,)) for x in (NUMBERS, WHOLE)],
    "not": [(lambda x: ~(x > 0), (NUMBERS,)), (lambda x: ~x, (WHOLE,))],
    "or": [(lambda x: (x > 0) | (x < -3), (NUMBERS,)), (lambda x: x | 6, (WHOLE,))],
    "power": [(lambda x: lax.pow(jnp.abs(x), shifted(x)), (NUMBERS,))],
    "remainder": [(lambda x: lax.rem(x, jnp.float32(3)), (NUMBERS,))],
    "rsqrt": [(lax.rsqrt, (NUMBERS,))],
    "select": [(lambda x: jnp.where(x > 0, x, 0), (x,)) for x in (NUMBERS, WHOLE)],
    "sign": [(jnp.sign, (NUMBERS,))],
    "sine": [(jnp.sin, (NUMBERS,))],
    "sqrt": [(jnp.sqrt, (NUMBERS,))],
    "subtract": [(lambda x: x - shifted(x), (x,)) for x in (NUMBERS, WHOLE, BITS)],
    "tanh": [(jnp.tanh, (NUMBERS,))],
    "xor": [(lambda x: (x > 0) ^ (x < 3), (NUMBERS,)), (lambda x: x ^ 5, (WHOLE,))],
}
OF_ARRAYS: dict[str, list[tuple[Callable, tuple]]] = {
    "broadcast_in_dim": [(lambda x: TABLE + x, (NUMBERS[3:7],))],
    "case": [
        (lambda i: lax.switch(i, [lambda: 1.0, lambda: 2.0, lambda: 3.0]), (i,)) for i in (np.int32(1), np.int32(9))
    ],
    "concatenate": [(lambda x: jnp.concatenate([x, x * 2]), (TABLE,))],
    "constant": [(lambda x: x + TABLE, (TABLE,)), (lambda x: jnp.where(TABLE > 3, x, 0), (TABLE,))],
    "dot_general": [
        (lambda x: x @ x.T, (TABLE,)),
        (lambda x: jnp.einsum("bij,bjk->bik", x, x), (TABLE.reshape(3, 2, 2),)),
    ],
    "dynamic_slice": [
        (lambda x, i: lax.dynamic_slice(x, (i, i), (2, 2)), (TABLE, i)) for i in (np.int32(1), np.int32(7))
    ],
    "dynamic_update_slice": [(lambda x, i: lax.dynamic_update_slice(x, x[:1], (i, i)), (TABLE, np.int32(5)))],
    "gather": [(lambda x, i: x[i], (TABLE, np.array(i, np.int32))) for i in ([0, 2], [-1, 9])],
    "iota": [(lambda x: x + jnp.arange(4), (TABLE,))],
    "pad": [(lambda x: lax.pad(x, jnp.float32(7), ((1, -1, 1), (0, 2, 0))), (TABLE,))],
    "reduce": [(lambda x: [x.sum(), x.max(1), x.mean(0), jnp.argmax(x, -1), jnp.all(x > 0)], (TABLE,))],
    "reshape": [(lambda x: x.reshape(2, 6), (TABLE,))],
    "reverse": [(lambda x: jnp.flip(x, 1), (TABLE,))],
    "slice": [(lambda x: x[1:, ::2], (TABLE,))],
    "transpose": [(lambda x: x.T, (TABLE,))],
    "while": [
        (lambda x: lax.scan(lambda c, row: (c + row, c * 2), jnp.zeros(4), x), (TABLE,)),
        (
            lambda x: lax.scan(lambda c, row: (lax.fori_loop(0, 3, lambda i, c: c + i * row, c), c), jnp.zeros(4), x),
            (TABLE,),
        ),
    ],
    "return": [],  # ends the regions above
}


def admitted(function: Callable, args: tuple) -> tuple[str, export.Exported, Callable]:
    """A program that also returns what it was given, which shows when an operation writes there."""
    program = jax.jit(lambda *given: (function(*given), given))
    exported = export.export(program, platforms=["cpu", "cuda"])(*args)
    text = exported.mlir_module()
    return text, exported, interpreter.runner(exported, text)


def interpreted(run: Callable) -> bool:
    """What is compiled is no function of its own."""
    return inspect.isfunction(run)


CASES = [
    pytest.param(name, function, args, id=f"{name}-{i}")
    for name, cases in {**OF_EACH_NUMBER, **OF_ARRAYS}.items()
    for i, (function, args) in enumerate(cases)
]


@pytest.mark.parametrize(("name", "function", "args"), CASES)
def test_an_operation_gives_what_xla_gives(name, function, args):
    text, exported, run = admitted(function, args)
    assert f"stablehlo.{name}" in text
    wanted = jax.tree.leaves(jax.jit(exported.call)(*args))
    assert interpreted(run)
    got = run(*args)
    assert [(x.shape, x.dtype) for x in got] == [(x.shape, x.dtype) for x in wanted]
    for ours, theirs in zip(got, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=1e-6)


def test_every_known_operation_is_tried():
    tried = {f"stablehlo.{name}" for name in (*OF_EACH_NUMBER, *OF_ARRAYS)}
    assert tried == {name for name in interpreter.KNOWN if name.startswith("stablehlo.")}


def unending(x: Any) -> Any:
    return lax.while_loop(lambda c: c[0] < 9, lambda c: (c[0] + c[1], c[1]), (0, x))


OTHERS = {
    "whole numbers divided": (lambda x: x // 3, (WHOLE,)),
    "a loop that may not end": (unending, (np.int32(0),)),
    "a loop as long as the input says": (lambda n: lax.fori_loop(0, n, lambda i, c: c + i, 0), (np.int32(3),)),
    "a long loop": (lambda x: lax.fori_loop(0, 10**8, lambda i, c: c + i, x), (np.int32(3),)),
    "a loop in a loop": (
        lambda x: lax.fori_loop(0, 999, lambda i, c: lax.fori_loop(0, 999, lambda j, c: c + j, c), x),
        (np.int32(3),),
    ),
    "a large product": (lambda x: x @ x, (np.ones((64, 64), np.float32),)),
    "half precision": (lambda x: x.astype(jnp.bfloat16).sum(), (TABLE,)),
    "no numbers": (lambda x: x[:0], (TABLE,)),
    "an operation that is not known": (lambda x: jnp.sort(x), (NUMBERS,)),
    "a scatter": (lambda x: x.at[0].set(5), (TABLE,)),
    "keys": (lambda k: jax.random.fold_in(k, 3), (jax.random.key(0),)),
}


@pytest.mark.parametrize("case", OTHERS)
def test_all_others_are_compiled(case):
    assert not interpreted(admitted(*OTHERS[case])[2])


def test_a_loop_is_interpreted_whose_turns_are_seen():
    """Of the loops that are compiled, one that only differs in being short is not."""
    text, _, run = admitted(lambda x: lax.fori_loop(0, 100, lambda i, c: c + i, x), (np.int32(3),))
    assert "stablehlo.while" in text
    assert run(np.int32(3)) == [3 + 4950, 3]


def test_what_the_interpreter_refuses_is_compiled(monkeypatch):
    """It says so with an exception; the answer is the same."""
    _, _, run = admitted(jnp.negative, (TABLE,))

    def refuse(*_):
        raise ValueError("interpreter failed")

    monkeypatch.setattr(interpreter.stablehlo, "eval_module", refuse)
    np.testing.assert_array_equal(run(TABLE)[0], -TABLE)


def test_a_text_that_cannot_be_read_is_compiled():
    _, exported, _ = admitted(jnp.negative, (TABLE,))
    run = interpreter.runner(exported, "module {")
    assert not interpreted(run)
    np.testing.assert_array_equal(run(TABLE)[0], -TABLE)


def test_with_a_version_of_jax_that_was_not_tried_all_is_compiled(monkeypatch):
    """One of them hands back booleans that are wrong."""
    monkeypatch.setattr(interpreter, "TRIED_FROM", (*jax.__version_info__, 1))
    _, _, run = admitted(lambda x: x > 1, (TABLE,))
    assert not interpreted(run)
    np.testing.assert_array_equal(run(TABLE)[0], TABLE > 1)
