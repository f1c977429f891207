"""Every number the forecaster is built with, in one place; logged with each model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ModelParams:
    """The forecaster's settings.

    Attributes:
        seed: seeds row sampling, boosting and folds.
        threads: threads that training uses; fixed, because histogram sums depend on it in the last digit.
        max_customers: customers whose snapshots are read for training.
        max_activity_rows: rows of the panel that the activity model learns from.
        max_value_rows: rows with an order that the value model learns from.
        rounds: boosting rounds of each of the two models.
        learning_rate: shrinkage of each round.
        max_depth: depth of each tree.
        min_child_weight: least sum of Hessians in a leaf.
        l2: ridge penalty on leaf weights.
        row_share: share of the rows each tree sees.
        column_share: share of the inputs each tree sees.
        max_bins: histogram bins per input.
        value_prior_months: how many months of the average customer a customer's own mean month is mixed with.
        activity_prior_months: likewise for the share of months with an order.
        value_cap_multiple: a training month's value is capped at this multiple of the customer's own expected month.
        level_months: newest matured months that the level is calibrated on.
        coverage: nominal coverage of the intervals.
        new_days: a customer is new up to this tenure.
        active_days: a customer is active up to this recency, lapsing beyond it.
        dormant_days: a customer is dormant beyond this recency.
        folds: customer folds of the cross-validation.
        forest_trees: trees of the Random Forest benchmark.
        forest_leaf: least customers in one of its leaves.
        forest_rows: customers each of its trees sees.
    """

    seed: int = 20091201
    threads: int = 2
    max_customers: int = 60_000
    max_activity_rows: int = 250_000
    max_value_rows: int = 120_000
    rounds: int = 150
    learning_rate: float = 0.06
    max_depth: int = 4
    min_child_weight: float = 20.0
    l2: float = 5.0
    row_share: float = 0.7
    column_share: float = 0.6
    max_bins: int = 128
    value_prior_months: float = 2.0
    activity_prior_months: float = 2.0
    value_cap_multiple: float = 8.0
    level_months: int = 3
    coverage: float = 0.8
    new_days: int = 90
    active_days: int = 120
    dormant_days: int = 365
    folds: int = 3
    forest_trees: int = 60
    forest_leaf: int = 10
    forest_rows: int = 10_000
