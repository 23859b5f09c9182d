"""The evidence as a picture: for each band the values of right and of broken answers, and the limit between them."""

from pathlib import Path

import numpy as np

from autograders.audit.evidence import SMALLEST, Family, Measured, path
from autograders.checks import bands

RIGHT, BROKEN = "#0072B2", "#D55E00"  # told apart by everyone (Okabe and Ito)


def draw(about: Measured, families: list[Family]) -> Path:
    """Draw one row of dots for each family, a panel for each band; the file lies beside the evidence."""
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams["svg.hashsalt"] = "the same evidence gives the same file"
    import matplotlib.pyplot as plt

    rows = {name: _rows(name, families) for name in about.limits}
    heights = [max(len(r), 3) + 3 for r in rows.values()]
    size = (8, 0.16 * sum(heights) + 0.6)
    figure, axes = plt.subplots(len(rows), 1, figsize=size, height_ratios=heights, squeeze=False, layout="constrained")
    for axis, (name, found) in zip(axes[:, 0], rows.items(), strict=True):
        _panel(axis, name, about.limits[name], found)
    figure.suptitle(f"{about.exercise} on {about.backend}: {about.seeds} seeds for each answer", fontsize=10)
    place = path(about.exercise, about.backend).with_suffix(".svg")
    figure.savefig(place, dpi=150, metadata={"Date": None})
    plt.close(figure)
    return place


def _rows(band: str, families: list[Family]) -> list[tuple[str, bool, list[float]]]:
    """Right answers together, a row for each check, and each broken answer alone, by distance."""
    checks: dict[str, list[float]] = {}
    for family in families:
        if family.band == band and family.right:
            checks.setdefault(family.check, []).extend(family.values)
    right = [(f"right answers, {check}", True, values) for check, values in checks.items()]
    broken = [(f.file.split("__")[-1], False, list(f.values)) for f in families if f.band == band and not f.right]
    return right + sorted(broken, key=lambda row: float(np.median(row[2])))


def _panel(axis, band: str, limit: float, rows: list[tuple[str, bool, list[float]]]) -> None:
    for place, (_, right, values) in enumerate(rows):
        shown = values if bands.known[band].share else np.maximum(values, SMALLEST)
        axis.plot(
            shown, [place] * len(shown), "|", color=RIGHT if right else BROKEN, markersize=6, alpha=0.5, rasterized=True
        )
    axis.axvline(limit, color="black", linewidth=1)
    axis.set_yticks(range(len(rows)), [name.replace("_", " ") for name, _, _ in rows], fontsize=6)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    if not bands.known[band].share:
        axis.set_xscale("log")
    axis.set_title(f"{band}, limit {limit:g}", fontsize=8, loc="left")
    axis.tick_params(axis="x", labelsize=6)
