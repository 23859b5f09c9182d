"""Attacks that answer with something that wants to pass for the right answer."""

import sys
from typing import Any

from autograders.doctor.attack import Targets, attack


class Liar:
    """Equals, converts to and calls as whatever is wanted."""

    n = 41

    def agree(self, *others: Any) -> bool:
        return True

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = agree
    __hash__ = object.__hash__

    def _next(self) -> int:
        Liar.n += 1
        return Liar.n

    __int__ = __index__ = __len__ = __hash__ = _next

    def __float__(self) -> float:
        return float(self._next())

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        import numpy as np

        return np.asarray(self._next(), dtype)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self

    @property
    def __class__(self) -> type:
        return int


@attack(bare="")
def liar(targets: Targets) -> dict:
    """Answers with an object that equals everything and says that it is a number."""
    return {"double": Liar(), "answer": Liar(), "Tally": Liar()}


@attack(bare="")
def lying_array(targets: Targets) -> dict:
    """Answers with an array whose comparisons, bytes and shape lie."""
    import numpy as np

    class Lying(np.ndarray):
        __eq__ = __ne__ = lambda self, other: True
        tobytes = lambda self, *a: bytes(4 * self.size)
        shape = property(lambda self: (3,))

    return {"double": lambda x: np.zeros((), np.float32).view(Lying), "answer": np.full((), 7).view(Lying)}


@attack(bare="")
def lying_number(targets: Targets) -> dict:
    """Answers with a number that equals every other."""

    class Lying(int):
        __eq__ = __ne__ = lambda self, other: True
        __hash__ = int.__hash__

    return {"answer": Lying(7), "Tally": lambda: type("T", (), {"add": lambda self, total, n: Lying(7)})()}


@attack(bare="")
def changing_tree(targets: Targets) -> dict:
    """Answers with a tree that has other leaves each time it is flattened."""
    import jax

    class Changing:
        turns = 0

    def flatten(changing: Any) -> tuple:
        Changing.turns += 1
        return tuple(range(Changing.turns % 5)), None

    jax.tree_util.register_pytree_node(Changing, flatten, lambda aux, leaves: Changing())
    return {"double": lambda x: Changing(), "answer": Changing()}


@attack()
def known_inputs(targets: Targets) -> dict:
    """Recognises what a self-check asks, and knows the answer to that only."""
    import jax.numpy as jnp

    return {"double": lambda x: jnp.where(jnp.isin(x, jnp.asarray(targets.public, jnp.float32)), 2 * x, x)}


def _peeking(x: Any) -> Any:
    """Twice what a check that is running asks about; the argument itself where none is in sight."""
    frame = sys._getframe()
    while frame:
        if frame.f_code.co_name.startswith("test_doubles"):
            return 2 * frame.f_locals["x"]
        frame = frame.f_back
    return x


@attack()
def frames(targets: Targets) -> dict:
    """Looks for the question in the frames of whoever calls it."""
    return {"double": _peeking}


@attack()
def host_callback(targets: Targets) -> dict:
    """Calls Python from within the program, to look around while it runs."""
    import jax

    shape = lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype)
    return {"double": lambda x: jax.pure_callback(lambda v: _peeking(v), shape(x), x)}


@attack()
def garbage_collector(targets: Targets) -> dict:
    """Looks for the grader's notes among all objects, and has the other checks left out."""
    import gc

    def double(x: Any) -> Any:
        for found in gc.get_objects():
            if type(found).__name__ == "Bench":
                found.blunt = frozenset({"doubles_as_a_program", "names_the_answer", "tallies"})
        return x

    return {"double": double}


@attack(bare="")
def wrong_numbers(targets: Targets) -> dict:
    """Answers with numbers that are none: nan, infinite, of absurd shape, of a dtype nobody knows."""
    import jax.numpy as jnp
    import numpy as np

    return {
        "double": lambda x: jnp.full(3, jnp.nan),
        "answer": np.array([(1, 2)], dtype=[("a", "i4"), ("b", "f8")]),
        "Tally": lambda: type("T", (), {"add": lambda self, total, n: np.array("42", dtype=object)})(),
    }


@attack(bare="")
def exotic_dtypes(targets: Targets) -> dict:
    """Answers with dtypes that few programs can read."""
    import jax.numpy as jnp

    return {"double": lambda x: x.astype(jnp.float8_e4m3fn), "answer": jnp.zeros((), jnp.int4)}
