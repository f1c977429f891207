"""The measure of a customer's value: net revenue, or the margin that the shop keeps of it.

A standard run counts net revenue. A run on a margin has its own clean tables, features, models and champion, in
`<lake>/<basis>/` and in MLflow as the model `clv_<basis>`. It shares only the deliveries with net revenue.
"""

from __future__ import annotations

NET_REVENUE = "net_revenue"
MARGIN_BY_DEPARTMENT = "margin_by_department"
MARGIN_PER_LINE = "margin_per_line"
VALUE_BASES = (NET_REVENUE, MARGIN_BY_DEPARTMENT, MARGIN_PER_LINE)
