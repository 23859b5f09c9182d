"""The one place where arrays are compared: shape first, then finiteness, then values."""

import numpy as np

from autograders.checks.bands import Band
from autograders.checks.failure import require

SINGLE = Band("float32 error", 2e-4)  # a thousand roundings, for other orders of sums
HALF = Band("half precision error", 3e-2)  # half precision, inside or outside


def difference(got: np.ndarray, want: np.ndarray) -> float:
    """The largest error relative to the size of `want`; infinite where `got` is not finite."""
    got, want = np.asarray(got, np.float64), np.asarray(want, np.float64)
    if not np.all(np.isfinite(got)):
        return np.inf
    scale = max(float(np.max(np.abs(want), initial=0.0)), 1e-6)
    return float(np.max(np.abs(got - want), initial=0.0)) / scale


def close(got: np.ndarray, want: np.ndarray, band: Band | None = None) -> bool:
    """Same shape, finite, and equal within the tolerance of the dtype that came."""
    return got.shape == want.shape and (band or tolerance(got)).admits(difference(got, want))


def tolerance(got: np.ndarray) -> Band:
    """That of half precision for what is neither float32 nor wider."""
    return SINGLE if got.dtype in (np.float32, np.float64) or got.dtype.kind in "biu" else HALF


def require_close(
    got: np.ndarray,
    want: np.ndarray,
    name: str,
    why: str,
    hint: str,
    misconception: str = "",
    band: Band | None = None,
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
    within = (band or tolerance(got)).holds(off)
    require(within, f"{name} is wrong by {off:.2g} of its size.", why, hint, misconception)


def integers(numbers: list[float]) -> list[int] | list[float]:
    """Numbers as ints where nothing is lost, for messages and exact comparison."""
    return [int(n) if float(n).is_integer() else n for n in numbers]
