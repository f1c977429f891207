"""The dbt source: the database it describes is the one that the migrations build."""

from __future__ import annotations

import yaml

from docs.generate.dbt_sources import PAGE, sources
from tests.conftest import Database
from tests.sql.test_schema import columns

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_is_up_to_date(database: Database) -> None:
    assert sources(database.owner) == TEXT


def test_a_view_has_the_columns_types_and_comments_of_the_database(database: Database) -> None:
    [source] = yaml.safe_load(TEXT)["sources"]
    assert (source["name"], source["schema"]) == ("clv", "clv")
    for view in source["tables"]:
        described = [(column["name"], column["data_type"], column["description"]) for column in view["columns"]]
        assert described == columns(database, view["name"])


def test_only_views_of_readers_are_sources() -> None:
    [source] = yaml.safe_load(TEXT)["sources"]
    names = {view["name"] for view in source["tables"]}
    assert names >= {"forecast", "forecast_current", "customer", "forecast_total", "accuracy", "actual", "runs"}
    assert names.isdisjoint({"api_key", "forecast_rows", "published", "run"})
