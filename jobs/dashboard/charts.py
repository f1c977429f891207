"""What Superset's charts need to know beyond `pages.yml`: parameters by kind of chart, and places on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_HEIGHTS = {"big_number_total": 20}
_HEIGHT = 50
_MONEY, _SHARE, _SHORT = ",.2f", ",.3f", ".3~s"
_BAND = 0.25
"""How dense an interval is drawn."""
_SHARES = ("wape", "total_ratio", "norm_gini", "decile_mape", "coverage", "p_active_12m", "value", "threshold")
_AMOUNTS = ("net_value", "p10", "p90", "clv_12m", "_total", "mae", "rmse", "_if_active")

_CAME, _EXPECTED = "#454e7c", "#1fa8c9"
_TIERS = ("#08306b", "#2171b5", "#4292c6", "#6baed6", "#9ecae1", "#c6dbef")
_PARTS = ("", "__yhat", "__yhat_lower", "__yhat_upper")

COLORS = {
    "came": _CAME,
    "last twelve months, came": _CAME,
    "forecast": _EXPECTED,
    "next twelve months, expected": _EXPECTED,
    **{f"expected{part}": _EXPECTED for part in _PARTS},
    **{f"tier {tier}": color for tier, color in enumerate(_TIERS, start=1)},
}
"""Name of a series → its colour, the same on every page."""

Params = dict[str, Any]


def params_of(chart: Mapping[str, Any]) -> Params:
    """Superset's parameters of a declared chart."""
    declared: Params = dict(chart["params"])
    filters = [_equals(column, value) for column, value in declared.pop("filters", {}).items()]
    return {"viz_type": chart["viz"], "adhoc_filters": filters, **_OF_KIND[chart["viz"]](declared)}


def position_of(page: Mapping[str, Any], uuids: Sequence[Sequence[str]]) -> Params:
    """Where the charts of a page stand: rows from top to bottom, each a share of twelve columns."""
    rows = [f"ROW-{number}" for number in range(len(uuids))]
    position: Params = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "children": rows, "parents": ["ROOT_ID"]},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": page["title"]}},
    }
    number = 0
    for row, charts, ids in zip(rows, page["rows"], uuids, strict=True):
        parents = ["ROOT_ID", "GRID_ID", row]
        children = [f"CHART-{uuid}" for uuid in ids]
        meta: Params = {"background": "BACKGROUND_TRANSPARENT"}
        position[row] = {"id": row, "type": "ROW", "children": children, "meta": meta, "parents": parents[:2]}
        for child, uuid, chart in zip(children, ids, charts, strict=True):
            number += 1
            meta = {"chartId": number, "uuid": uuid, "sliceName": chart["name"], "width": chart["width"]}
            meta["height"] = chart.get("height") or _HEIGHTS.get(chart["viz"], _HEIGHT)
            position[child] = {"id": child, "type": "CHART", "children": [], "meta": meta, "parents": parents}
    return position


def _equals(column: str, value: object) -> Params:
    """A filter: a column has a value, or one of several."""
    operator = "IN" if isinstance(value, list) else "=="
    return {"expressionType": "SIMPLE", "clause": "WHERE", "subject": column, "operator": operator, "comparator": value}


def _sums(metrics: Sequence[str] | Mapping[str, str]) -> list[Params]:
    """Metrics, named like their columns, or by the label that each column is given."""
    labelled = metrics if isinstance(metrics, Mapping) else dict(zip(metrics, metrics, strict=True))
    return [_sum(column, label) for label, column in labelled.items()]


def _sum(column: str, label: str) -> Params:
    return {
        "expressionType": "SIMPLE",
        "column": {"column_name": column},
        "aggregate": "SUM",
        "label": label,
        "hasCustomLabel": True,
        "optionName": f"metric_{label}",
    }


def _number(declared: Params) -> Params:
    return {
        "metric": _sum(declared["metric"], declared["metric"]),
        "subtitle": declared["subheader"],
        "subtitle_font_size": 0.15,
        "y_axis_format": ",.0f",
    }


def _series(declared: Params) -> Params:
    """Lines or bars, in the order of their names: Superset's own order, by their sums, differs from chart to chart."""
    return {
        "x_axis": declared["x_axis"],
        "time_grain_sqla": "P1M" if declared["x_axis"] in ("month", "as_of") else None,
        "metrics": _sums(declared["metrics"]),
        "groupby": declared.get("groupby", []),
        "stack": "Stack" if declared.get("stack") else None,
        "x_axis_sort_asc": True,
        "sort_series_type": "name",
        "sort_series_ascending": True,
        "row_limit": 5000,
        "show_legend": declared.get("legend", True),
        "rich_tooltip": True,
        "markerEnabled": True,
        "opacity": _BAND,
        "x_axis_time_format": "%Y-%m",
        "y_axis_format": "~g" if declared.get("share") else _SHORT,
        **_titles(declared),
    }


def _titles(declared: Params) -> Params:
    """What the axes say, and the room that it takes."""
    margins = {"x_axis_title": 30, "y_axis_title": 50}
    named = {name: declared[name] for name in margins if name in declared}
    return named | {f"{name}_margin": margins[name] for name in named} | {"y_axis_title_position": "Left"}


def _table(declared: Params) -> Params:
    descending = not declared.get("ascending", False)
    return {
        "query_mode": "raw",
        "all_columns": declared["columns"],
        "order_by_cols": [f'["{column}", {str(not descending).lower()}]' for column in declared["order"]],
        "row_limit": 1000,
        "server_page_length": 50,
        "table_timestamp_format": declared.get("times", "%Y-%m-%d"),
        "show_cell_bars": False,
        "column_config": {column: {"d3NumberFormat": _format(column)} for column in declared["columns"]},
    }


def _format(column: str) -> str:
    if column in _SHARES:
        return _SHARE
    return _MONEY if any(part in column for part in _AMOUNTS) else ",d"


def _pivot(declared: Params) -> Params:
    return {
        "groupbyRows": declared["rows"],
        "groupbyColumns": declared["columns"],
        "metrics": _sums(declared["metrics"]),
        "aggregateFunction": "Sum",
        "valueFormat": ",d",
        "metricsLayout": "COLUMNS",
        "rowTotals": True,
        "colTotals": True,
        "row_limit": 1000,
    }


def _waterfall(declared: Params) -> Params:
    return {
        "x_axis": declared["x_axis"],
        "metric": _sum(declared["metric"], declared["metric"]),
        "groupby": [],
        "row_limit": 100,
        "y_axis_format": _SHORT,
        "show_value": True,
        "total_label": declared["total"],
        "x_ticks_layout": "45°",
    }


_OF_KIND = {
    "big_number_total": _number,
    "echarts_timeseries_line": _series,
    "echarts_timeseries_bar": _series,
    "table": _table,
    "pivot_table_v2": _pivot,
    "waterfall": _waterfall,
}
