"""What is known of a customer on day 30: orders and returns of the first 30 days, and the account as listed then.

No order or return of day 30 or later is read, so the columns of a customer never change again: those of the customers
who train the model are what they were when their own forecasts were made. A customer list that the shop overwrites in
place is filed under the last closed month when it is read, so what it says of an account can be some days newer.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from jobs.forecasting.encoder import Floats
from jobs.forecasting.first_month.days import FIRST_DAYS
from jobs.lake.tables import ALL_DEPARTMENTS

SUMS = ("net_value", "sales_value", "return_value", "orders", "units", "products")
NUMBERS = (
    "net_value_first_month",
    "return_value_first_month",
    "orders_first_month",
    "units_first_month",
    "order_days_first_month",
    "last_order_day",
    "second_order_day",
    "sales_value_first_day",
    "units_first_day",
    "products_first_day",
    "order_value_mean_first_month",
    "unit_value_mean_first_month",
    "products_per_order_first_month",
    "return_value_share_first_month",
    "departments_first_month",
    "signup_days",
)
"""The numeric inputs. Days count from the first order; values are in the shop's currency."""

CATEGORIES = ("membership", "country")
PROFILE = ("signup_on", *CATEGORIES)


def first_month_features(
    daily: pd.DataFrame, profiles: pd.DataFrame | None, first_ordered_on: pd.Series
) -> pd.DataFrame:
    """One row a customer, in the order of `first_ordered_on`, which must have completed the first month.

    Args:
        daily: rows of the daily table, `ordered_on` as datetime64, its numbers as float.
        profiles: the customer lists: `as_of` (first day after the list's month, datetime64), `customer_id`, `PROFILE`;
            None where the shop delivers none.
        first_ordered_on: `days.completed`.

    Returns:
        `customer_id`, `first_ordered_on`, `NUMBERS`, `CATEGORIES`, and `share_<department>` for every department
        bought in: its share of the sales.
    """
    days = first_days(daily, first_ordered_on)
    whole = days[days["department"] == ALL_DEPARTMENTS]
    parts = days[(days["department"] != ALL_DEPARTMENTS) & (days["sales_value"] > 0.0)]
    ids = first_ordered_on.index
    columns = _orders(whole, ids) | _first_day(whole, ids)
    columns["departments_first_month"] = _of(parts.groupby("customer_id")["department"].nunique(), ids)
    profile = profile_at(profiles, first_ordered_on)
    opened = first_ordered_on.to_numpy() - pd.to_datetime(profile["signup_on"]).to_numpy(dtype="datetime64[ns]")
    columns["signup_days"] = np.where(np.isnat(opened), np.nan, opened / np.timedelta64(1, "D"))
    frame = pd.DataFrame({name: columns[name] for name in NUMBERS})
    keys = pd.DataFrame({"customer_id": ids.to_numpy(dtype=object), "first_ordered_on": first_ordered_on.to_numpy()})
    shares = _department_shares(parts, columns["sales_value_first_month"], ids)
    return pd.concat([keys, frame, profile[list(CATEGORIES)].reset_index(drop=True), shares], axis=1)


def first_days(daily: pd.DataFrame, first_ordered_on: pd.Series) -> pd.DataFrame:
    """The daily rows of days 0 to 29 with their `day`, sorted, so that sums do not depend on the order of the rows."""
    first = daily["customer_id"].map(first_ordered_on)
    day = (daily["ordered_on"] - first).dt.days
    within = ((day >= 0) & (day < FIRST_DAYS)).to_numpy()
    rows = daily[within].assign(day=day[within].astype(np.int64))
    return rows.sort_values(["customer_id", "day", "department"], kind="stable", ignore_index=True)


def profile_at(profiles: pd.DataFrame | None, first_ordered_on: pd.Series) -> pd.DataFrame:
    """Each customer's entry in the newest list of a month that had ended by day 30; empty where there is none."""
    ids = first_ordered_on.index
    if profiles is None:
        profiles = pd.DataFrame({name: pd.Series(dtype=object) for name in ("as_of", "customer_id", *PROFILE)})
    day_30 = profiles["customer_id"].map(first_ordered_on) + pd.Timedelta(days=FIRST_DAYS)
    known = profiles[(pd.to_datetime(profiles["as_of"]) <= day_30).to_numpy()]
    newest = known.sort_values(["customer_id", "as_of"], kind="stable").drop_duplicates("customer_id", keep="last")
    return newest.set_index("customer_id")[list(PROFILE)].reindex(ids)


def _orders(whole: pd.DataFrame, ids: pd.Index) -> dict[str, Floats]:
    sums = whole.groupby("customer_id")[list(SUMS)].sum().reindex(ids, fill_value=0.0).astype(np.float64)
    ordered = whole[whole["orders"] > 0]
    by_customer = ordered.groupby("customer_id")["day"]
    second = ordered[ordered["day"] > 0].groupby("customer_id")["day"].min()
    columns = {f"{name}_first_month": sums[name].to_numpy() for name in SUMS}
    orders, sales = np.maximum(columns["orders_first_month"], 1.0), columns["sales_value_first_month"]
    bought = np.where(sales > 0.0, sales, np.nan)
    return columns | {
        "order_days_first_month": _of(by_customer.size(), ids),
        "last_order_day": _of(by_customer.max(), ids),
        "second_order_day": second.reindex(ids).to_numpy(dtype=np.float64),
        "order_value_mean_first_month": sales / orders,
        "unit_value_mean_first_month": bought / np.maximum(columns["units_first_month"], 1.0),
        "products_per_order_first_month": columns["products_first_month"] / orders,
        "return_value_share_first_month": columns["return_value_first_month"] / bought,
    }


def _first_day(whole: pd.DataFrame, ids: pd.Index) -> dict[str, Floats]:
    day = whole[whole["day"] == 0].set_index("customer_id").reindex(ids)
    return {f"{name}_first_day": day[name].to_numpy(dtype=np.float64) for name in ("sales_value", "units", "products")}


def _department_shares(parts: pd.DataFrame, sales: Floats, ids: pd.Index) -> pd.DataFrame:
    value = parts.pivot_table(index="customer_id", columns="department", values="sales_value", aggfunc="sum")
    value = value.reindex(ids).fillna(0.0).reset_index(drop=True)
    shares = value.div(np.where(sales > 0.0, sales, np.nan), axis=0)
    return shares.rename(columns=lambda department: f"share_{department}").rename_axis(columns=None)


def _of(column: pd.Series, ids: pd.Index) -> Floats:
    return column.reindex(ids, fill_value=0).to_numpy(dtype=np.float64)
