"""Every number the forecaster is built with, in one place; logged with each model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class ModelParams:
    """The forecaster's settings.

    Attributes:
        seed: seeds row sampling and boosting.
        threads: threads that training uses; fixed, because histogram sums depend on it in the last digit.
        max_customers: customers whose snapshots are read for training.
        max_rows: rows that each booster learns from.
        rounds: boosting rounds of each booster.
        learning_rate: shrinkage of each round.
        max_depth: depth of each tree.
        split_gain: least gain of a split, by which trees are pruned (XGBoost's gamma).
        activity_leaf: least sum of Hessians in a leaf of the activity model.
        activity_l2: ridge penalty on its leaf weights.
        value_leaf: least sum of Hessians in a leaf of the value models; for Poisson loss, the rows' mean months, in
            units of an average active month.
        value_l2: ridge penalty on its leaf weights.
        row_share: share of the rows each tree sees.
        column_share: share of the inputs each tree sees.
        max_bins: histogram bins per input.
        prior_months: months of the average customer that a customer's own monthly value is mixed with.
        value_cap_multiple: in the first month's model, an order counts at most this many times what was expected of it.
        season_ridge: penalty that keeps the seasons near zero.
        burn_in_months: most snapshots left out at the start, when the shop knew only whom it had just sold to.
        level_months: newest matured months that the first month's level is calibrated on.
        level_prior_months: how many months without a deviation that level is shrunk towards.
        coverage: nominal coverage of the intervals.
        new_days: a customer is new up to this tenure.
        active_days: a customer is active up to this recency, lapsing beyond it.
        dormant_days: a customer is dormant beyond this recency.
    """

    seed: int = 20091201
    threads: int = 2
    max_customers: int = 60_000
    max_rows: int = 200_000
    rounds: int = 120
    learning_rate: float = 0.06
    max_depth: int = 4
    split_gain: float = 0.0
    activity_leaf: float = 20.0
    activity_l2: float = 5.0
    value_leaf: float = 20.0
    value_l2: float = 20.0
    row_share: float = 0.7
    column_share: float = 0.6
    max_bins: int = 128
    prior_months: float = 0.5
    value_cap_multiple: float = 8.0
    season_ridge: float = 0.3
    burn_in_months: int = 12
    level_months: int = 12
    level_prior_months: float = 3.0
    coverage: float = 0.8
    new_days: int = 90
    active_days: int = 120
    dormant_days: int = 365

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """A version's stored settings: those it lacks are the defaults, those that are unknown are left out."""
        return cls(**{field.name: stored[field.name] for field in fields(cls) if field.name in stored})
