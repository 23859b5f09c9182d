"""Bar charts of what was measured."""

from pathlib import Path


def bars(rows: list[str], pieces: dict[str, list[float]], unit: str, place: Path) -> None:
    """A bar for each row, of one piece or of several with a legend; written to `place`."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(9, 2.6), layout="constrained")
    before = [0.0] * len(rows)
    for number, (label, sizes) in enumerate(pieces.items()):
        drawn = axis.barh(rows, sizes, left=before, label=label, color=plt.colormaps["tab20"](number))
        before = [a + b for a, b in zip(before, sizes, strict=True)]
    axis.bar_label(drawn, [f"{total:.3g}" for total in before], padding=3)
    axis.invert_yaxis()
    axis.set_xlabel(unit)
    axis.spines[["top", "right"]].set_visible(False)
    if len(pieces) > 1:
        axis.legend(ncols=1, fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.savefig(place, dpi=150)
