"""The page's plots, as SVG that takes the colour of the text around it. The same figures give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from jobs.publishing.month_page.wording import scaled, short_month

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from sqlalchemy import RowMapping

_FORECAST, _ACTUAL, _BEFORE = "#3572b0", "#98a2ae", "#d08a1d"
_INK = "#010203"
"""Replaced by the colour of the page's text."""
_WIDTH, _HEIGHT = 9.0, 3.2
_FEWEST_FOR_A_LINE = 2


def outlook(actual: Sequence[RowMapping], expected: Sequence[RowMapping]) -> str:
    """What the last twelve months brought, and what the next twelve are expected to, with their intervals."""
    figure, axes = _axes()
    labels = [short_month(row["month"]) for row in (*actual, *expected)]
    places = np.arange(len(labels))
    ahead = places[len(actual) :]
    value = _floats(expected, "net_value")
    axes.bar(places[: len(actual)], _floats(actual, "net_value"), color=_ACTUAL, width=0.7, label="actual")
    axes.bar(ahead, value, color=_FORECAST, width=0.7, label="forecast")
    if all(row["p10"] is not None for row in expected):
        low, high = _floats(expected, "p10"), _floats(expected, "p90")
        reach = np.vstack([np.maximum(value - low, 0), np.maximum(high - value, 0)])
        axes.errorbar(ahead, value, reach, fmt="none", ecolor=_INK, elinewidth=1, capsize=3, label="80 % interval")
    known = [n for n, row in enumerate(expected) if row["net_value_before"] is not None]
    if known:
        earlier = [float(expected[n]["net_value_before"]) for n in known]
        axes.plot(ahead[known], earlier, "D", color=_BEFORE, markersize=4, label="forecast a month before")
    axes.set_xticks(places, labels)
    return _svg(figure, axes, "outlook")


def totals_over_time(totals: Sequence[RowMapping]) -> str:
    """Totals that were forecast, with their intervals, beside what came; empty for fewer than two forecasts."""
    if len(totals) < _FEWEST_FOR_A_LINE:
        return ""
    figure, axes = _axes()
    places = np.arange(len(totals))
    if all(row["total_p10"] is not None for row in totals):
        low, high = _floats(totals, "total_p10"), _floats(totals, "total_p90")
        axes.fill_between(places, low, high, color=_FORECAST, alpha=0.2, linewidth=0, label="80 % interval")
    axes.plot(places, _floats(totals, "forecast_total"), color=_FORECAST, linewidth=2, label="forecast")
    axes.plot(places, _floats(totals, "actual_total"), "o", color=_INK, markersize=5, label="actual")
    _label_months(axes, [row["as_of"] for row in totals])
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    return _svg(figure, axes, "totals")


def calibration(deciles: Sequence[RowMapping]) -> str:
    """Mean forecast and mean actual value of a customer, by tenths of the customers; empty where there are none."""
    if not deciles:
        return ""
    figure, axes = _axes()
    places = np.arange(len(deciles))
    axes.bar(places - 0.2, _floats(deciles, "mean_forecast"), color=_FORECAST, width=0.38, label="forecast")
    axes.bar(places + 0.2, _floats(deciles, "mean_actual"), color=_ACTUAL, width=0.38, label="actual")
    axes.set_xticks(places, [str(int(row["decile"])) for row in deciles])
    axes.set_xlabel("tenth of the customers, highest forecast first", color=_INK)
    return _svg(figure, axes, "calibration")


def _floats(rows: Sequence[RowMapping], name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([float(row[name]) for row in rows])


def _label_months(axes: Axes, days: Sequence[date]) -> None:
    step = max(1, len(days) // 18)
    shown = range(0, len(days), step)
    labels = [short_month(days[n], with_year=n == 0) for n in shown]
    axes.set_xticks(list(shown), labels)


def _axes() -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
    axes = figure.subplots()
    figure.patch.set_alpha(0)
    axes.patch.set_alpha(0)
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(_INK)
    axes.grid(axis="y", color=_ACTUAL, alpha=0.35, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, colors=_INK, labelcolor=_INK, labelsize=9)
    axes.yaxis.set_major_formatter(lambda value, _: scaled(value, trimmed=True))
    return figure, axes


def _svg(figure: Figure, axes: Axes, name: str) -> str:
    from matplotlib import rc_context

    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False, fontsize=9, labelcolor=_INK)
    written = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(written, format="svg", metadata=nothing, transparent=True)
    text = written.getvalue()
    return text[text.index("<svg") :].replace(_INK, "currentColor")
