"""How good a forecast of customers' value is: error in money, ranking, level, probability, intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jobs.forecasting.encoder import Floats

DECILES = 10


def value_metrics(actual: Floats, forecast: Floats) -> dict[str, float]:
    """Error, ranking and level of expected values against what happened; both one number a customer.

    A figure that does not exist (a share of nothing, the rank of a constant) is left out, and so is a decile of which
    nothing came from the mean over deciles.
    """
    error = forecast - actual
    total = actual.sum()
    found = {
        "mse": float(np.mean(error**2)),
        "rmse": float(np.sqrt(np.mean(error**2))),
        "mae": float(np.mean(np.abs(error))),
    }
    if total > 0:
        found |= {
            "wape": float(np.abs(error).sum() / total),
            "portfolio_mape": float(abs(error.sum()) / total),
            "total_ratio": float(forecast.sum() / total),
            "top10_capture": capture(actual, forecast, 0.1),
            "top20_capture": capture(actual, forecast, 0.2),
        }
    if total > 0 and np.ptp(actual) > 0:
        found["norm_gini"] = normalised_gini(actual, forecast)
    if np.ptp(actual) > 0 and np.ptp(forecast) > 0:
        found["spearman"] = spearman(actual, forecast)
    ahead, came = decile_means(actual, forecast).T
    if (came > 0).any():
        found["decile_mape"] = float(np.mean(np.abs(ahead[came > 0] / came[came > 0] - 1.0)))
    return found


def activity_metrics(active: NDArray[np.bool_], probability: Floats) -> dict[str, float]:
    """Brier score of P(active), and its area under the ROC curve where both outcomes occur."""
    found = {"brier": float(np.mean((probability - active) ** 2))}
    if 0 < active.sum() < len(active):
        ranks = _average_ranks(probability)
        positives = int(active.sum())
        above = ranks[active].sum() - positives * (positives + 1) / 2
        found["auc"] = float(above / (positives * (len(active) - positives)))
    return found


def interval_metrics(actual: Floats, forecast: Floats, lower: Floats, upper: Floats) -> dict[str, float]:
    """Share of customers inside their interval and its mean width, overall and in the top decile of the forecast."""
    inside = (lower <= actual) & (actual <= upper)
    top = by_rank(forecast)[: max(len(forecast) // DECILES, 1)]
    return {
        "coverage80": float(inside.mean()),
        "coverage80_top_decile": float(inside[top].mean()),
        "width80": float((upper - lower).mean()),
        "width80_top_decile": float((upper - lower)[top].mean()),
    }


def decile_metrics(actual: Floats, forecast: Floats, lower: Floats, upper: Floats) -> dict[str, float]:
    """For each decile of the forecast, 1 the highest: forecast to actual, coverage and mean width of the intervals."""
    found = {}
    for decile, rows in enumerate(decile_rows(forecast), start=1):
        inside = (lower[rows] <= actual[rows]) & (actual[rows] <= upper[rows])
        found[f"coverage80_decile_{decile:02d}"] = float(inside.mean())
        found[f"width80_decile_{decile:02d}"] = float((upper - lower)[rows].mean())
        if actual[rows].sum() > 0:
            found[f"total_ratio_decile_{decile:02d}"] = float(forecast[rows].sum() / actual[rows].sum())
    return found


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
    """Share of the actual value that the best `share` of customers by forecast brought."""
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
    return float(np.corrcoef(_average_ranks(actual), _average_ranks(forecast))[0, 1])


def _average_ranks(values: Floats) -> Floats:
    _, position, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2.0)[position])
