"""Five plots of an evaluation, as matplotlib figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jobs.forecasting.backtest import OURS, Backtest, Evaluation
from jobs.forecasting.metrics import decile_means, gain_curve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHOWN_INPUTS = 20


def plots(evaluation: Evaluation) -> dict[str, Figure]:
    """File name → figure; empty if nothing could be measured."""
    if evaluation.backtest is None:
        return {}
    return {
        "gain_curve": _gain_curve(evaluation.backtest),
        "decile_calibration": _decile_calibration(evaluation.backtest),
        "month_curve": _month_curve(evaluation.backtest),
        "importance": _importance("Inputs that matter most", "share of gain", evaluation.importance),
        "theme_importance": _importance(
            "Feature groups that matter most", "share of mean absolute effect", evaluation.group_importance
        ),
    }


def _gain_curve(backtest: Backtest) -> Figure:
    figure, axes = _axes("Gain curve", "share of customers, best forecast first", "share of actual value")
    actual = backtest.actual.sum(axis=1)
    share = np.linspace(0.0, 1.0, len(actual) + 1)
    for name, forecast in {**backtest.forecasts, "perfect": actual}.items():
        axes.plot(share, gain_curve(actual, forecast), label=name)
    axes.legend()
    return figure


def _decile_calibration(backtest: Backtest) -> Figure:
    figure, axes = _axes("Calibration by decile of the forecast", "mean forecast", "mean actual")
    actual = backtest.actual.sum(axis=1)
    for name, forecast in backtest.forecasts.items():
        means = decile_means(actual, forecast)
        axes.plot(means[:, 0], means[:, 1], "o-", label=name)
    top = max(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.plot([0, top], [0, top], "k:", label="perfect")
    axes.set_xscale("symlog")
    axes.set_yscale("symlog")
    axes.legend()
    return figure


def _month_curve(backtest: Backtest) -> Figure:
    figure, axes = _axes("Value by forecast month", "forecast month", "net value of all customers")
    months = np.arange(1, backtest.months + 1)
    axes.plot(months, backtest.actual.sum(axis=0), "o-", label="actual")
    axes.plot(months, backtest.monthly.sum(axis=0), "o-", label=OURS)
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
