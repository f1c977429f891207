"""The measure of a customer's value: net revenue, or the margin that the shop keeps of it.

Each has its own runs, clean tables, features, model and champion: those of the margin are in `<lake>/margin/` and in
MLflow as the model `clv_margin`. They share only the deliveries. See `docs/decisions/0017-one-kind-of-run.md`.
"""

from __future__ import annotations

NET_REVENUE = "net_revenue"
MARGIN = "margin"
VALUE_BASES = (NET_REVENUE, MARGIN)


def named(month: object, value_basis: str) -> str:
    """A data month in a message: of net revenue unless it says otherwise."""
    return f"month {month}" if value_basis == NET_REVENUE else f"month {month} of the {value_basis}"
