"""Small drawings for the lesson notebooks; matplotlib is imported only when one is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GREY, INK = "#2f6fb3", "#d1641e", "#8a8f98", "#22262b"


@dataclass(frozen=True)
class Picture:
    """A finished drawing, which a notebook shows as an image when it is a cell's result."""

    png: bytes = field(repr=False)

    def _repr_png_(self) -> bytes:
        return self.png


def state_through_calls(call: str, states: Sequence[str], values: Sequence[str]) -> Picture:
    """Draw one state that travels through several calls, and the value that drops out of each."""
    from matplotlib.patches import FancyBboxPatch

    figure = _figure(7.6, 2.3)
    axes = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    axes.set(xlim=(-0.25, 2 * len(values) + 0.25), ylim=(-1.25, 0.8))
    axes.axis("off")
    arrow = {"arrowstyle": "-|>", "color": BLUE, "linewidth": 2, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 16}
    text = {"ha": "center", "va": "center", "fontsize": 13, "color": INK}
    for i, state in enumerate(states):
        axes.text(2 * i, 0, state, bbox={"boxstyle": "circle,pad=0.35", "fc": "#e8f0f9", "ec": BLUE, "lw": 2}, **text)
    for i, value in enumerate(values):
        x = 2 * i + 1
        axes.annotate("", xy=(x - 0.5, 0), xytext=(x - 0.77, 0), arrowprops=arrow)
        axes.annotate("", xy=(x + 0.79, 0), xytext=(x + 0.52, 0), arrowprops=arrow)
        axes.annotate("", xy=(x, -0.86), xytext=(x, -0.36), arrowprops=arrow | {"color": ORANGE})
        style = {"boxstyle": "round,pad=0,rounding_size=0.08", "fc": "white", "ec": INK, "lw": 1.5}
        axes.add_patch(FancyBboxPatch((x - 0.48, -0.34), 0.96, 0.68, **style))
        axes.text(x, 0, call, **text)
        axes.text(x, -1.05, value, **text | {"color": ORANGE})
    axes.text(0, 0.6, "state", **text | {"color": BLUE})
    axes.text(0, -1.05, "value", **text | {"color": ORANGE})
    return _finished(figure)


def curve(ys: Sequence[float], xlabel: str, ylabel: str, level: float | None = None) -> Picture:
    """Draw numbers over 1, 2, 3, ..., and a dashed line at `level`."""
    figure = _figure(6.4, 2.9)
    axes = figure.add_axes((0.1, 0.18, 0.87, 0.77))
    if level is not None:
        axes.axhline(level, color=GREY, linewidth=1.2, linestyle="--")
    marker = "o" if len(ys) <= 40 else None
    axes.plot(range(1, len(ys) + 1), [float(y) for y in ys], color=BLUE, linewidth=2, marker=marker, markersize=4)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e6e8eb")
    return _finished(figure)


def digits(images: Any, labels: Sequence[int], guesses: Sequence[int] | None = None) -> Picture:
    """Draw 8 by 8 digits in rows of eight, with their labels, and wrong guesses in orange."""
    from matplotlib.patches import Rectangle

    rows = -(-len(labels) // 8)
    figure = _figure(7.6, 1.25 * rows)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    for i, label in enumerate(labels):
        row, column = divmod(i, 8)
        place = (column - 0.42, column + 0.42, row + 0.44, row - 0.3)
        axes.imshow(images[i].reshape(8, 8), extent=place, aspect="auto", cmap="gray_r", vmin=0, vmax=1)
        axes.add_patch(Rectangle((column - 0.42, row - 0.3), 0.84, 0.74, fill=False, color="#c9cdd2", linewidth=0.8))
        guess = label if guesses is None else guesses[i]
        title = f"{int(label)}" if int(guess) == int(label) else f"{int(guess)}, not {int(label)}"
        colour = INK if int(guess) == int(label) else ORANGE
        axes.text(column, row - 0.33, title, fontsize=11, ha="center", va="bottom", color=colour)
    axes.set(xlim=(-0.6, 7.6), ylim=(rows - 0.5, -0.66))
    return _finished(figure)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=110, facecolor="white")


def _finished(figure: Figure) -> Picture:
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return Picture(buffer.getvalue())
