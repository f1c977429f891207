"""What Superset's charts need to know beyond `pages.yml`: parameters by kind of chart, and places on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_HEIGHTS = {"big_number_total": 20}
_HEIGHT = 50
_MONEY, _SHARE = ",.2f", ",.3f"
_SHARES = ("wape", "total_ratio", "norm_gini", "decile_mape", "coverage", "p_active_12m", "value", "threshold")
_AMOUNTS = ("net_value", "p10", "p90", "clv_12m", "_total", "mae", "rmse", "_if_active", "_lifetime")

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
            meta["height"] = _HEIGHTS.get(chart["viz"], _HEIGHT)
            position[child] = {"id": child, "type": "CHART", "children": [], "meta": meta, "parents": parents}
    return position


def _equals(column: str, value: object) -> Params:
    return {"expressionType": "SIMPLE", "clause": "WHERE", "subject": column, "operator": "==", "comparator": value}


def _sum(column: str) -> Params:
    return {
        "expressionType": "SIMPLE",
        "column": {"column_name": column},
        "aggregate": "SUM",
        "label": column,
        "hasCustomLabel": True,
        "optionName": f"metric_{column}",
    }


def _number(declared: Params) -> Params:
    return {
        "metric": _sum(declared["metric"]),
        "subtitle": declared["subheader"],
        "subtitle_font_size": 0.15,
        "y_axis_format": ",.0f",
    }


def _series(declared: Params) -> Params:
    return {
        "x_axis": declared["x_axis"],
        "time_grain_sqla": "P1M" if declared["x_axis"] in ("month", "as_of") else None,
        "metrics": [_sum(metric) for metric in declared["metrics"]],
        "groupby": declared.get("groupby", []),
        "stack": "Stack" if declared.get("stack") else None,
        "x_axis_sort_asc": True,
        "row_limit": 5000,
        "show_legend": True,
        "rich_tooltip": True,
        "y_axis_format": "~g" if "wape" in declared["metrics"] or "total_ratio" in declared["metrics"] else ",.0f",
        "x_axis_time_format": "%Y-%m",
    }


def _table(declared: Params) -> Params:
    descending = not declared.get("ascending", False)
    return {
        "query_mode": "raw",
        "all_columns": declared["columns"],
        "order_by_cols": [f'["{declared["order"]}", {str(not descending).lower()}]'],
        "row_limit": 1000,
        "server_page_length": 50,
        "table_timestamp_format": "%Y-%m-%d",
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
        "metrics": [_sum(metric) for metric in declared["metrics"]],
        "aggregateFunction": "Sum",
        "metricsLayout": "COLUMNS",
        "row_limit": 1000,
    }


def _waterfall(declared: Params) -> Params:
    return {"x_axis": declared["x_axis"], "metric": _sum(declared["metric"]), "groupby": [], "row_limit": 100}


_OF_KIND = {
    "big_number_total": _number,
    "echarts_timeseries_line": _series,
    "echarts_timeseries_bar": _series,
    "table": _table,
    "pivot_table_v2": _pivot,
    "waterfall": _waterfall,
}
