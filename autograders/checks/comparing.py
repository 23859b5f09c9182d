"""The one place where arrays are compared: shape first, then finiteness, then values."""

import numpy as np

from autograders.checks.failure import require

SINGLE = 2e-4  # float32, chosen and not measured: a thousand roundings, for other orders of sums
HALF = 3e-2  # half precision, inside or outside: the contract's figure


def difference(got: np.ndarray, want: np.ndarray) -> float:
    """The largest error relative to the size of `want`; infinite where `got` is not finite."""
    got, want = np.asarray(got, np.float64), np.asarray(want, np.float64)
    if not np.all(np.isfinite(got)):
        return np.inf
    scale = max(float(np.max(np.abs(want), initial=0.0)), 1e-6)
    return float(np.max(np.abs(got - want), initial=0.0)) / scale


def close(got: np.ndarray, want: np.ndarray, rtol: float | None = None) -> bool:
    """Same shape, finite, and equal within the tolerance of the dtype that came."""
    if got.shape != want.shape:
        return False
    return difference(got, want) <= (rtol or tolerance(got))


def tolerance(got: np.ndarray) -> float:
    """3e-2 for what is neither float32 nor wider."""
    return SINGLE if got.dtype in (np.float32, np.float64) or got.dtype.kind in "biu" else HALF


def require_close(
    got: np.ndarray,
    want: np.ndarray,
    name: str,
    why: str,
    hint: str,
    misconception: str = "",
    rtol: float | None = None,
) -> None:
    """Raises Failure naming the first thing that differs: shape, finiteness, or values, with the size of the error."""
    require(
        got.shape == want.shape,
        f"{name} has shape {got.shape}; it should be {want.shape}.",
        why,
        hint,
        misconception,
    )
    require(
        bool(np.all(np.isfinite(np.asarray(got, np.float64)))),
        f"{name} holds nan or infinite numbers.",
        why,
        hint,
        misconception,
    )
    off = difference(got, want)
    require(off <= (rtol or tolerance(got)), f"{name} is wrong by {off:.2g} of its size.", why, hint, misconception)


def integers(numbers: list[float]) -> list[int] | list[float]:
    """Numbers as ints where nothing is lost, for messages and exact comparison."""
    return [int(n) if float(n).is_integer() else n for n in numbers]
