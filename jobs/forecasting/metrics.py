"""Metrics of a forecast of customers' value: error, ranking, level, probability, intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu, spearmanr

from jobs.forecasting.encoder import Floats

DECILES = 10

BAR = 0.10
"""A good total, and good deciles, are off by no more. It is recorded whether they are; nobody is blocked by it."""

_OUTSIDE = 2.0 / 0.2
"""What a unit outside an 80 % interval costs, in widths."""


def value_metrics(actual: Floats, forecast: Floats) -> dict[str, float]:
    """Error, ranking and level of expected values against actual ones; both arrays hold one number a customer.

    A metric that does not exist (a share of nothing, the rank of a constant) is left out. The mean over deciles leaves
    out those without any actual value.
    """
    error = forecast - actual
    total = actual.sum()
    metrics = {
        "mse": float(np.mean(error**2)),
        "rmse": float(np.sqrt(np.mean(error**2))),
        "mae": float(np.mean(np.abs(error))),
    }
    if total > 0:
        metrics |= {
            "wape": float(np.abs(error).sum() / total),
            "portfolio_mape": float(abs(error.sum()) / total),
            "total_ratio": float(forecast.sum() / total),
            "top10_capture": capture(actual, forecast, 0.1),
            "top20_capture": capture(actual, forecast, 0.2),
        }
    if total > 0 and np.ptp(actual) > 0:
        metrics["norm_gini"] = normalised_gini(actual, forecast)
    if np.ptp(actual) > 0 and np.ptp(forecast) > 0:
        metrics["spearman"] = spearman(actual, forecast)
    predicted, realised = decile_means(actual, forecast).T
    sold = realised > 0
    if sold.any():
        metrics["decile_mape"] = float(np.mean(np.abs(predicted[sold] / realised[sold] - 1.0)))
    return metrics


def activity_metrics(active: NDArray[np.bool_], probability: Floats) -> dict[str, float]:
    """Brier score of P(active), and its area under the ROC curve if both outcomes occur."""
    metrics = {"brier": float(np.mean((probability - active) ** 2))}
    positives = int(active.sum())
    if 0 < positives < len(active):
        above = mannwhitneyu(probability[active], probability[~active]).statistic
        metrics["auc"] = float(above / (positives * (len(active) - positives)))
    return metrics


def interval_metrics(actual: Floats, forecast: Floats, lower: Floats, upper: Floats) -> dict[str, float]:
    """Share of customers inside their 80 % interval and its mean width, overall and in the top decile of the forecast.

    The Winkler score is the mean width, plus 2 / 0.2 of what an outcome lies outside (Gneiting and Raftery 2007,
    "Strictly Proper Scoring Rules, Prediction, and Estimation", eq. 43): lower is better.
    """
    inside = (lower <= actual) & (actual <= upper)
    outside = np.maximum(lower - actual, 0.0) + np.maximum(actual - upper, 0.0)
    top = by_rank(forecast)[: max(len(forecast) // DECILES, 1)]
    return {
        "coverage80": float(inside.mean()),
        "coverage80_top_decile": float(inside[top].mean()),
        "width80": float((upper - lower).mean()),
        "winkler80": float((upper - lower + _OUTSIDE * outside).mean()),
        "width80_top_decile": float((upper - lower)[top].mean()),
    }


def decile_metrics(actual: Floats, forecast: Floats, lower: Floats, upper: Floats) -> dict[str, float]:
    """By decile of the forecast, 1 the highest: forecast over actual, coverage and mean width of the intervals."""
    metrics = {}
    for decile, rows in enumerate(decile_rows(forecast), start=1):
        inside = (lower[rows] <= actual[rows]) & (actual[rows] <= upper[rows])
        metrics[f"coverage80_decile_{decile:02d}"] = float(inside.mean())
        metrics[f"width80_decile_{decile:02d}"] = float((upper - lower)[rows].mean())
        if actual[rows].sum() > 0:
            metrics[f"total_ratio_decile_{decile:02d}"] = float(forecast[rows].sum() / actual[rows].sum())
    return metrics


def by_rank(forecast: Floats) -> NDArray[np.intp]:
    """Row numbers from the highest forecast to the lowest; ties keep their order."""
    return np.argsort(-forecast, kind="stable")


def decile_rows(forecast: Floats) -> list[NDArray[np.intp]]:
    """Row numbers of each decile of the forecast, the highest first."""
    return np.array_split(by_rank(forecast), min(DECILES, len(forecast)))


def decile_means(actual: Floats, forecast: Floats) -> Floats:
    """Mean forecast and mean actual of each decile of the forecast, the highest first: shape (10, 2)."""
    return np.array([[forecast[rows].mean(), actual[rows].mean()] for rows in decile_rows(forecast)])


def capture(actual: Floats, forecast: Floats, share: float) -> float:
    """Share of the actual value that comes from the `share` of customers with the highest forecasts."""
    best = by_rank(forecast)[: int(np.ceil(share * len(actual)))]
    return float(actual[best].sum() / actual.sum())


def gain_curve(actual: Floats, forecast: Floats) -> Floats:
    """Cumulative share of the actual value, customers taken from the highest forecast down; starts at 0."""
    return np.concatenate([[0.0], np.cumsum(actual[by_rank(forecast)]) / actual.sum()])


def normalised_gini(actual: Floats, forecast: Floats) -> float:
    """Area between gain curve and diagonal, as a share of that of the perfect order (Wang et al. 2019)."""
    return float((gain_curve(actual, forecast).mean() - 0.5) / (gain_curve(actual, actual).mean() - 0.5))


def spearman(actual: Floats, forecast: Floats) -> float:
    """Rank correlation, ties at their mean rank."""
    return float(spearmanr(actual, forecast).statistic)
