"""Library calls that answers need, in the shapes that the exercises ask for; each is a program to compile."""

import contextlib
import functools
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import optax
from flax import linen as nn
from jax._src import compilation_cache

from autograders.learner.messages import Connection
from autograders.sandbox import others

NETS = (  # batches of rows, and the sizes of the layers that they go through
    (((1,), (2,), (3,), (2, 3), (2, 1, 3)), (6, 7, 5, 4)),
    (((1,), (2,)), (6, 4)),
    (((1,), (2,)), (5, 5)),
    (((1,), (4,)), (12, 32, 10)),
    (((1,), (5,), (10,)), (64, 64, 10)),
)
LEAVES = ((), (2,), (3,), (4,), (6,), (6, 4), (5, 4), (5, 5), (2, 3, 2))  # of trees that are scaled
LAST_AXES = ((5,), (4,), (3, 5), (2, 3, 7), (2, 1, 3, 2))  # along which numbers are scaled and shifted
MEANS = ((), (3,), (2, 4))
STEPS = (0, 1, 4, 5, 6, 7, 8)
DIGITS, TRAINING = 1797, 1400  # that the course has, and those of them that are trained with
IMAGES, BATCH, PIXELS = (150, TRAINING), 64, 64


def serve(stream: socket.socket) -> None:
    """Call once what nearly every answer needs, and send what was compiled for it, by name."""
    run()
    _send(stream)


def serve_others(stream: socket.socket) -> None:
    """The same for what only some answers need."""
    others.run()
    _send(stream)


def _send(stream: socket.socket) -> None:
    entries = {path.name: path.read_bytes() for path in Path(jax.config.jax_compilation_cache_dir).iterdir()}
    Connection(stream).send(0, msgspec.msgpack.encode(entries))


class NotKept(BaseException):
    """A program that would have to be compiled; not an Exception, which JAX would swallow."""


@contextlib.contextmanager
def never_compiling() -> Iterator[None]:
    """Inside, JAX loads what was compiled before; what was not raises NotKept: compiling starts a thread that stays."""
    cache_of = compilation_cache._get_cache

    class Kept:
        def __init__(self, backend: Any):
            self.cache = cache_of(backend)

        def get(self, key: str) -> bytes:
            found = self.cache.get(key) if self.cache else None
            if found is None:
                raise NotKept(key)
            return found

    compilation_cache._get_cache = Kept
    try:
        yield
    finally:
        compilation_cache._get_cache = cache_of


def prove(stream: socket.socket) -> None:
    """Do what needs a backend's threads, and say so when all of it came to its end and is right.

    Arrays too large to be copied at once, programs of many parts, and products that are shared out between threads.
    """
    numbers = np.random.default_rng(0).random((600, 600), np.float32)
    near = functools.partial(np.testing.assert_allclose, rtol=1e-4)
    near(np.asarray(jax.device_put(numbers)), numbers)
    near(jax.jit(lambda x: jnp.sort(x.ravel()))(numbers), np.sort(numbers.ravel()))
    near(jax.jit(lambda x: x @ x.T)(numbers), numbers @ numbers.T)
    near(jax.lax.scan(lambda c, x: (c + x, c.sum()), jnp.zeros(600), numbers)[0], numbers.sum(0))
    order = np.asarray(jax.jit(lambda key: jax.random.permutation(key, 300_000))(jax.random.key(1)))
    np.testing.assert_array_equal(np.sort(order), np.arange(300_000))
    near(jax.pure_callback(lambda x: x + 1, jax.ShapeDtypeStruct((600, 600), jnp.float32), numbers), numbers + 1)
    run()
    Connection(stream).send(0, b"")


def run() -> None:
    """Call once what nearly every answer needs."""
    key = jax.random.key(0)
    jnp.copy(jax.random.key_data(key))
    for rows, sizes in NETS:
        for row in rows:
            _net(key, row, sizes)
    for shape, dtype in (*((shape, jnp.float32) for shape in LEAVES), *others.HALF_LEAVES):
        leaf = jnp.ones(shape, dtype)
        leaf * 2.5, jnp.zeros_like(leaf)
    for shape in LAST_AXES:
        x, size = jnp.ones(shape), shape[-1:]
        x * jnp.ones(size) + jnp.zeros(size)
    for shape in MEANS:
        total = jnp.zeros(shape) + jnp.ones(shape)
        total / 2, total + (jnp.ones(shape) - total) / 2
    for dtype in (jnp.float32, jnp.int32):
        one = jnp.zeros((), dtype)
        one + 1, one * 2, one / 2, jnp.copy(one), one + one, one + 0.5
    for n in STEPS:
        jnp.arange(n) + 1
    for n in IMAGES:
        _epoch(key, n)
    images, labels = jnp.asarray(np.zeros((DIGITS, PIXELS)), jnp.float32), jnp.asarray(np.zeros(DIGITS, int), jnp.int32)
    images[:TRAINING], images[TRAINING:], labels[:TRAINING], labels[TRAINING:], jnp.zeros((1, PIXELS))


def _net(key: jax.Array, row: tuple[int, ...], sizes: tuple[int, ...]) -> None:
    """Layers that are made and applied one by one, and an optimizer state for each."""
    x = jax.device_put(np.zeros((*row, sizes[0]), np.float32))
    for size in sizes[1:]:
        made = nn.Dense(size).init(key, x)
        x = nn.Dense(size).apply(made, x)
        x = nn.relu(x) if size != sizes[-1] else x
        optax.adam(3e-3).init(made)


def _epoch(key: jax.Array, n: int) -> None:
    """Batches of so many images in a new order, and the mean of what they gave."""
    images, labels = jnp.zeros((n, PIXELS)), jnp.zeros(n, jnp.int32)
    for count in (2, 3):
        key, *_ = jax.random.split(key, count)
    jax.random.fold_in(key, 1)
    order, batches = jax.random.permutation(key, n), n // BATCH
    index = order[:BATCH]
    images[index], labels[index]
    list(order[: batches * BATCH].reshape(batches, BATCH))
    losses = [jnp.zeros(())] * batches
    jnp.mean(jnp.stack(losses)), jnp.mean(jnp.array(losses)), jnp.array(losses[:5])
