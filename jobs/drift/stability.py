"""How far a distribution is from a reference: the population stability index (PSI).

PSI = sum over bins of (p - q) * ln(p / q), with the shares q of the reference and p of today: the relative entropy both
ways, added up (Jeffreys 1946; Siddiqi 2006, Credit Risk Scorecards, chapter 9, which calls more than 0.25 a shift).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.stats import entropy

PSI = "psi"
THRESHOLD = 0.25
"""The index beyond which a distribution counts as drifted."""

MISSING, OTHER = "missing", "other"
_TENTHS = np.linspace(0.1, 0.9, 9)
_MOST_CATEGORIES = 20
_LEAST_SHARE = 1e-4
"""Share of an empty bin, whose logarithm would be infinite."""


@dataclass(frozen=True)
class Comparison:
    """Two distributions over the same bins.

    Attributes:
        bins: names of the bins.
        reference_shares: share of the reference in each bin.
        shares: share of today's in each bin.
    """

    bins: list[str]
    reference_shares: list[float]
    shares: list[float]

    @property
    def psi(self) -> float:
        """The population stability index."""
        q, p = (np.maximum(shares, _LEAST_SHARE) for shares in (self.reference_shares, self.shares))
        return float(entropy(p, q) + entropy(q, p))


def compare_numbers(reference: pd.Series, today: pd.Series) -> Comparison:
    """Compare numbers over tenths of the reference; equal tenths are one bin, and missing values another."""
    edges = np.unique(np.quantile(reference.dropna(), _TENTHS)) if reference.notna().any() else np.array([])
    texts = [f"{edge:.6g}" for edge in edges]
    between = [f"{low} to {high}" for low, high in pairwise(texts)]
    bins = [f"up to {texts[0]}", *between, f"above {texts[-1]}"] if texts else ["any"]
    counted = [_counts_of_numbers(values, edges, len(bins)) for values in (reference, today)]
    return _comparison([*bins, MISSING], *counted)


def compare_categories(reference: pd.Series, today: pd.Series) -> Comparison:
    """Compare counts by category; all but the twenty most common of the reference are one bin."""
    order = sorted(reference.index, key=lambda name: (-reference[name], name))
    bins = order[:_MOST_CATEGORIES]
    counted = [
        np.array([*(counts.get(name, 0) for name in bins), counts[~counts.index.isin(bins)].sum()])
        for counts in (reference, today)
    ]
    return _comparison([*bins, OTHER], *counted)


def categories(values: pd.Series) -> pd.Series:
    """How often each category occurs, missing ones too."""
    return values.astype(object).where(values.notna(), MISSING).astype(str).value_counts()


def _counts_of_numbers(values: pd.Series, edges: np.ndarray, bins: int) -> np.ndarray:
    known = values.dropna().to_numpy(dtype=float)
    counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=bins)
    return np.append(counts, len(values) - len(known))


def _comparison(bins: list[str], reference: np.ndarray, today: np.ndarray) -> Comparison:
    shares = [(counts / max(counts.sum(), 1)).tolist() for counts in (reference, today)]
    return Comparison(bins, *shares)
