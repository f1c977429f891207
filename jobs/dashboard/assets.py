"""Superset's import format, made from `pages.yml`, `sql/dashboard/` and the columns that readers see in Postgres."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Engine, text

from jobs.core.postgres import SQL
from jobs.dashboard.charts import COLORS, params_of, position_of

PAGES = Path(__file__).with_name("pages.yml")
DATASETS = SQL / "dashboard"
DATABASE = "Customer lifetime value"

_VERSION = "1.0.0"
_TYPE_NAME = text("SELECT format_type(:code, NULL)")

Yaml = dict[str, Any]


def pages() -> Mapping[str, Yaml]:
    """The dashboards as declared, by their slug."""
    declared: Mapping[str, Yaml] = yaml.safe_load(PAGES.read_text(encoding="utf-8"))
    return declared


def write(folder: Path, reader: Engine) -> None:
    """Write everything that Superset imports, in place of what an earlier call wrote.

    Args:
        folder: replaced; it holds the reader's password afterwards.
        reader: the forecast database as Superset is to reach it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    _write(folder / "metadata.yaml", {"version": _VERSION, "type": "assets", "timestamp": "2000-01-01T00:00:00+00:00"})
    _write(folder / "databases" / "clv.yaml", _database(reader))
    declared = pages()
    charts = [chart for page in declared.values() for row in page["rows"] for chart in row]
    for name in sorted({chart["dataset"] for chart in charts}):
        _write(folder / "datasets" / "clv" / f"{name}.yaml", _dataset(name, reader))
    for slug, page in declared.items():
        for number, chart in enumerate(chart for row in page["rows"] for chart in row):
            _write(folder / "charts" / f"{slug}_{number:02d}.yaml", _chart(slug, chart))
        _write(folder / "dashboards" / f"{slug}.yaml", _dashboard(slug, page))


def _write(path: Path, content: Yaml) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _id(*names: str) -> str:
    """The same for the same name on every import, so that an import replaces what an earlier one made."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("clv-pipeline", *names))))


def _database(reader: Engine) -> Yaml:
    return {
        "database_name": DATABASE,
        "sqlalchemy_uri": reader.url.render_as_string(hide_password=False),
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "extra": {"allows_virtual_table_explore": True},
        "uuid": _id("database"),
        "version": _VERSION,
    }


def _dataset(name: str, reader: Engine) -> Yaml:
    query = DATASETS / f"{name}.sql"
    sql = query.read_text(encoding="utf-8") if query.is_file() else None
    columns = list(_columns(sql or f"SELECT * FROM clv.{name}", reader))  # noqa: S608
    times = [column["column_name"] for column in columns if column["is_dttm"]]
    return {
        "table_name": name,
        "main_dttm_col": times[0] if times else None,
        "schema": "clv",
        "sql": sql,
        "filter_select_enabled": True,
        "uuid": _id("dataset", name),
        "metrics": [{"metric_name": "count", "expression": "count(*)"}],
        "columns": columns,
        "version": _VERSION,
        "database_uuid": _id("database"),
    }


def _columns(sql: str, reader: Engine) -> Iterator[Yaml]:
    with reader.connect() as connection:
        described = connection.execute(text(f"SELECT * FROM ({sql}) AS every LIMIT 0")).cursor.description  # noqa: S608
        types = {column[0]: column[1] for column in described}
        names = {code: connection.execute(_TYPE_NAME, {"code": code}).scalar_one() for code in set(types.values())}
    for name, code in types.items():
        yield {
            "column_name": name,
            "type": names[code].upper(),
            "is_dttm": names[code] in ("date", "timestamp with time zone"),
            "is_active": True,
            "groupby": True,
            "filterable": True,
        }


def _chart(slug: str, chart: Yaml) -> Yaml:
    return {
        "slice_name": chart["name"],
        "viz_type": chart["viz"],
        "params": params_of(chart),
        "uuid": _id("chart", slug, chart["name"]),
        "version": _VERSION,
        "dataset_uuid": _id("dataset", chart["dataset"]),
    }


def _dashboard(slug: str, page: Yaml) -> Yaml:
    uuids = [[_id("chart", slug, chart["name"]) for chart in row] for row in page["rows"]]
    searched = [_search(page["search"], page["rows"][0][0]["dataset"])] if "search" in page else []
    return {
        "dashboard_title": page["title"],
        "slug": slug,
        "uuid": _id("dashboard", slug),
        "position": position_of(page, uuids),
        "metadata": {
            "native_filter_configuration": searched,
            "cross_filters_enabled": False,
            "label_colors": COLORS,
        },
        "published": True,
        "version": _VERSION,
    }


def _search(column: str, dataset: str) -> Yaml:
    """A box to choose one value of a column, for every chart of the page; the first one at the start."""
    return {
        "id": f"NATIVE_FILTER-{column}",
        "name": column,
        "filterType": "filter_select",
        "type": "NATIVE_FILTER",
        "requiredFirst": True,
        "targets": [{"column": {"name": column}, "datasetUuid": _id("dataset", dataset)}],
        "controlValues": {
            "multiSelect": False,
            "enableEmptyFilter": True,
            "defaultToFirstItem": True,
            "searchAllOptions": True,
        },
        "defaultDataMask": {"filterState": {}, "extraFormData": {}},
        "scope": {"rootPath": ["ROOT_ID"], "excluded": []},
        "cascadeParentIds": [],
    }
