"""What a customer's value is counted in: net revenue, or the margin the shop keeps of it.

A standard run counts net revenue. A run on a margin has clean lines, days, features, models and a champion of its own:
below `<lake>/<basis>/` and in MLflow as model `clv_<basis>`. It shares nothing with net revenue but what was delivered.
"""

from __future__ import annotations

NET_REVENUE = "net_revenue"
MARGIN_BY_DEPARTMENT = "margin_by_department"
MARGIN_PER_LINE = "margin_per_line"
VALUE_BASES = (NET_REVENUE, MARGIN_BY_DEPARTMENT, MARGIN_PER_LINE)
