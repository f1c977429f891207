"""The models side by side in one picture: a panel a metric, a row a model, a dot an origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.ours import OURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANELS = {
    "wape": "WAPE (lower is better)",
    "norm_gini": "normalised Gini (higher)",
    "spearman": "Spearman (higher)",
    "top10_capture": "value caught in the top 10 % (higher)",
    "total_ratio": "total / actual (nearest to 1)",
    "decile_mape": "decile MAPE (lower)",
}
_OURS_COLOUR, _PEER_COLOUR = "#c44e52", "#4c72b0"
_WORST_SHOWN = 2.0
"""Beyond this, a dot stands at the edge with its figure beside it, so that the others can be told apart."""


def picture(result: Mapping[str, Any]) -> Figure:
    """Draw what `accuracy` found; the newest origin is a filled dot, earlier ones are hollow."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 7), layout="constrained")
    names = list(dict.fromkeys(name for origin in result["origins"] for name in origin["models"]))
    panels = figure.subplots(2, 3, sharey=True).ravel()
    for axes, (metric, title) in zip(panels, _PANELS.items(), strict=True):
        for row, name in enumerate(names):
            values = [origin["models"].get(name, {}).get(metric) for origin in result["origins"]]
            _dots(axes, row, values, _OURS_COLOUR if name == OURS else _PEER_COLOUR)
        if metric == "total_ratio":
            axes.axvline(1.0, color="black", linewidth=0.8, linestyle=":")
        axes.set_title(title, fontsize=10)
        axes.grid(axis="x", alpha=0.3)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].invert_yaxis()
    newest = result["origins"][-1]["as_of"]
    figure.suptitle(f"{result['data']}: {result['months']} months, {len(result['origins'])} origin(s), newest {newest}")
    return figure


def _dots(axes: Axes, row: int, values: list[float | None], colour: str) -> None:
    for position, value in enumerate(values):
        if value is None:
            continue
        is_newest = position == len(values) - 1
        shown = float(np.clip(value, -1.0, _WORST_SHOWN))
        axes.plot(shown, row, "o", color=colour, markersize=8, fillstyle="full" if is_newest else "none")
        if is_newest and shown != value:
            axes.annotate(
                f"{value:.3g} ▸", (shown, row), xytext=(-8, 0), textcoords="offset points", ha="right", va="center"
            )
