"""Five plots of an evaluation, as matplotlib figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jobs.forecasting.backtest import OURS, Evaluation, Fold
from jobs.forecasting.metrics import decile_means, gain_curve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHOWN_INPUTS = 20


def plots(evaluation: Evaluation) -> dict[str, Figure]:
    """File name → figure; empty where nothing could be measured."""
    if evaluation.fold is None:
        return {}
    return {
        "gain_curve": _gain_curve(evaluation.fold),
        "decile_calibration": _decile_calibration(evaluation.fold),
        "month_curve": _month_curve(evaluation.fold),
        "importance": _importance("Inputs that matter most", "share of gain", evaluation.importance),
        "theme_importance": _importance(
            "Themes that matter most", "share of mean absolute effect", evaluation.theme_importance
        ),
    }


def _gain_curve(fold: Fold) -> Figure:
    figure, axes = _axes("Gain curve", "share of customers, best forecast first", "share of actual value")
    actual = fold.actual.sum(axis=1)
    share = np.linspace(0.0, 1.0, len(actual) + 1)
    for name, forecast in {**fold.forecasts, "perfect": actual}.items():
        axes.plot(share, gain_curve(actual, forecast), label=name)
    axes.legend()
    return figure


def _decile_calibration(fold: Fold) -> Figure:
    figure, axes = _axes("Calibration by decile of the forecast", "mean forecast", "mean actual")
    actual = fold.actual.sum(axis=1)
    for name, forecast in fold.forecasts.items():
        means = decile_means(actual, forecast)
        axes.plot(means[:, 0], means[:, 1], "o-", label=name)
    top = max(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.plot([0, top], [0, top], "k:", label="perfect")
    axes.set_xscale("symlog")
    axes.set_yscale("symlog")
    axes.legend()
    return figure


def _month_curve(fold: Fold) -> Figure:
    figure, axes = _axes("Value by forecast month", "forecast month", "net value of all customers")
    months = np.arange(1, fold.months + 1)
    axes.plot(months, fold.actual.sum(axis=0), "o-", label="actual")
    axes.plot(months, fold.monthly.sum(axis=0), "o-", label=OURS)
    axes.set_ylim(bottom=0)
    axes.legend()
    return figure


def _importance(title: str, measure: str, importance: Mapping[str, float]) -> Figure:
    figure, axes = _axes(title, measure, "")
    shown = sorted(importance.items(), key=lambda item: item[1])[-_SHOWN_INPUTS:]
    axes.barh([name for name, _ in shown], [share for _, share in shown])
    return figure


def _axes(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return figure, axes
