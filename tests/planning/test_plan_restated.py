"""What the plan does when a delivered month has changed since it was ingested."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from sqlalchemy import text

from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.lake.tables import TRANSACTIONS
from jobs.landing.deliveries import reading_inputs
from jobs.landing.restatements import RestatedError
from jobs.plan import main
from jobs.sources import load
from jobs.sources.mapping import RowRule
from tests.conftest import Database
from tests.corner_shop import deliver_month
from tests.forecasts import publish_new_run
from tests.ingesting import ingest_all
from tests.landing.test_restatements import AS_OF, NOVEMBER, OCTOBER, SEPTEMBER

COLUMNS = "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n"


@pytest.fixture
def planned(
    environment: None, lake: Lake, spark: SparkSession, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """A shop ingested from September to November; plans a run of a month of it, and gives what it printed."""
    landing = Path(lake.root).with_name("landing")
    for month in SEPTEMBER.through(NOVEMBER):
        deliver_month(landing, "transactions", month, f"{COLUMNS}1,7,{month}-05 10:00:00,p,2,2.50\n")
    ingest_all(spark, load("simulated_shop"), landing, lake, AS_OF)

    def plan(month: str, *choices: str) -> dict[str, Any]:
        run = ["--run-type", "scheduled", "--logical-date", f"{month}-01T00:00:00+00:00", "--month", ""]
        main([*run, "--dag-run-id", "scheduled", *choices])
        printed: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return printed

    return plan


def restate(lake: Lake, month: Month) -> None:
    landing = Path(lake.root).with_name("landing")
    shutil.rmtree(landing / "transactions" / f"month={month}")
    rows = f"1,7,{month}-05 10:00:00,p,2,2.50\n2,8,{month}-06 10:00:00,p,4,2.50\n"
    deliver_month(landing, "transactions", month, COLUMNS + rows)


def runs(database: Database) -> list[dict[str, Any]]:
    with database.owner.connect() as connection:
        query = text("SELECT is_dry_run, restate, model_choice, note, plan FROM clv.run ORDER BY run_id")
        return [dict(row) for row in connection.execute(query).mappings()]


def test_a_run_that_finds_a_month_restated_is_refused_with_what_to_do(
    planned: Callable[..., Any], lake: Lake, database: Database
) -> None:
    restate(lake, OCTOBER)
    with pytest.raises(RestatedError) as refusal:
        planned("2011-11")
    assert str(refusal.value).splitlines() == [
        "2011-10 changed at the source after being ingested:",
        "  2011-10 transactions: rows 1 to 2 (+1), value 5.00 to 15.00 (+10.00)",
        "If the new delivery is correct, trigger month 2011-11 again with restate=accept: these months are ingested "
        "again, and what was made from them is rebuilt. If not, restore the delivery and clear this task. "
        "Nothing has been changed",
    ]
    assert runs(database) == []


def test_an_accepted_month_is_read_again_and_all_after_it_is_rebuilt(
    planned: Callable[..., Any], lake: Lake, database: Database
) -> None:
    restate(lake, OCTOBER)
    plan = planned("2011-11", "--restate", "accept")
    assert plan["months"]["transactions"] == "2011-10,2011-11"
    assert "RESTATED, ingested again: 2011-10 transactions: rows 1 to 2 (+1)" in plan["note"]
    [run] = runs(database)
    assert run["restate"] == "accept"
    assert run["plan"]["restated"] == [
        {
            "table": "transactions",
            "month": "2011-10",
            "before": {"rows": 1, "money": "5.0000"},
            "now": {"rows": 2, "money": "15.0000"},
        }
    ]
    assert {"2011-11-01", "2011-12-01"} <= set(run["plan"]["snapshots"])
    assert run["plan"]["files"] == {"transactions": [f"transactions/month=2011-{m}/part-0.csv.gz" for m in (10, 11)]}


def test_a_month_restated_after_the_run_s_own_does_not_concern_it(planned: Callable[..., Any], lake: Lake) -> None:
    restate(lake, NOVEMBER)
    assert "RESTATED" not in planned("2011-10")["note"]


def test_a_data_month_may_be_delivered_anew_until_it_is_published(
    planned: Callable[..., Any], lake: Lake, database: Database
) -> None:
    restate(lake, NOVEMBER)
    assert "RESTATED" not in planned("2011-11")["note"]
    publish_new_run(database, lake, AS_OF)
    with pytest.raises(RestatedError, match="2011-11 changed"):
        planned("2011-11")


def files(root: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()}


def table_sizes(database: Database) -> dict[str, int]:
    with database.owner.connect() as connection:
        names = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'clv'")).scalars().all()
        sizes = {name: connection.execute(text(f"SELECT count(*) FROM clv.{name}")).scalar_one() for name in names}  # noqa: S608
    return sizes


def test_a_dry_run_tells_everything_and_changes_nothing_but_its_row(
    planned: Callable[..., Any], lake: Lake, database: Database
) -> None:
    restate(lake, OCTOBER)
    before, sizes = files(Path(lake.root).parent), table_sizes(database)
    plan = planned("2011-11", "--dry-run")
    assert plan["ends"] is True
    assert plan["note"].startswith("DRY RUN, ends with this plan. Month 2011-11: forecast")
    assert "RESTATED, refused unless restate=accept: 2011-10 transactions" in plan["note"]
    assert files(Path(lake.root).parent) == before
    assert table_sizes(database) == sizes | {"run": 1}
    [run] = runs(database)
    assert run["is_dry_run"]


def test_a_dry_run_of_a_file_leaves_no_copy_and_no_cache(
    environment: None, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    landing = Path(lake.root).with_name("landing")
    landing.mkdir()
    rows = "".join(f"{n},7,2011-{month}-05 10:00:00,p,2,2.50\n" for n, month in enumerate((10, 11, 12)))
    (landing / "transactions.csv").write_text(COLUMNS + rows, encoding="utf-8")
    run = ["--run-type", "manual", "--logical-date", "", "--month", "", "--dag-run-id", "manual"]
    main([*run, "--dry-run"])
    assert not Path(lake.root).exists()
    dry = json.loads(capsys.readouterr().out.splitlines()[-1])
    main(run)
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["months"] == dry["months"]
    known = files(Path(lake.root))
    main([*run, "--dry-run"])
    assert files(Path(lake.root)) == known != {}


@pytest.fixture
def other_mapping(planned: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The shop's mapping is changed after its months were ingested."""
    changed = replace(load("simulated_shop"), rules=(RowRule(reason="is_dear", when="net_value > 1000"),))
    monkeypatch.setattr("jobs.plan.load", lambda *_: changed)


@pytest.mark.usefixtures("other_mapping")
def test_another_mapping_reads_every_month_again(planned: Callable[..., Any], lake: Lake, database: Database) -> None:
    plan = planned("2011-11")
    assert plan["months"]["transactions"] == "2011-09,2011-10,2011-11"
    assert "READ AGAIN: 3 months (2011-09 to 2011-11), because the mapping changed." in plan["note"]
    [run] = runs(database)
    assert run["plan"]["reread"] == {f"2011-{month:02d}": ["mapping"] for month in (9, 10, 11)}
    assert {"2011-10-01", "2011-11-01", "2011-12-01"} <= set(run["plan"]["snapshots"])


@pytest.mark.usefixtures("other_mapping")
def test_months_that_were_read_with_another_mapping_are_not_called_restated(
    planned: Callable[..., Any], lake: Lake
) -> None:
    restate(lake, OCTOBER)
    assert "RESTATED" not in planned("2011-11")["note"]


@pytest.mark.usefixtures("other_mapping")
def test_another_mapping_of_published_months_needs_acceptance(
    planned: Callable[..., Any], lake: Lake, database: Database
) -> None:
    publish_new_run(database, lake, OCTOBER.as_of)
    with pytest.raises(RestatedError) as refusal:
        planned("2011-11")
    assert str(refusal.value) == (
        "3 months (2011-09 to 2011-11), because the mapping changed: a run reads them again, and the published "
        "forecasts of 2011-10 were made from them and may change. If that is intended, trigger month 2011-11 again "
        "with restate=accept. If not, deploy the earlier mapping and code and clear this task. Nothing has been changed"
    )
    assert planned("2011-11", "--restate", "accept")["months"]["transactions"] == "2011-09,2011-10,2011-11"
    assert ", refused unless restate=accept: 3 months" in planned("2011-11", "--dry-run")["note"]


def test_other_code_of_the_ingestion_reads_every_month_again(
    planned: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.landing.deliveries.code_fingerprint", lambda _: "another")
    plan = planned("2011-11")
    assert plan["months"]["transactions"] == "2011-09,2011-10,2011-11"
    assert "because the code that reads and cleans rows changed." in plan["note"]


def test_the_ingest_of_another_mapping_leaves_no_month_of_the_earlier_one(
    planned: Callable[..., Any], lake: Lake, spark: SparkSession, other_mapping: None
) -> None:
    changed = replace(load("simulated_shop"), rules=(RowRule(reason="is_dear", when="net_value > 1000"),))
    months = [Month.parse(month) for month in planned("2011-11")["months"]["transactions"].split(",")]
    ingest_all(spark, changed, Path(lake.root).with_name("landing"), lake, AS_OF, months)
    assert {lake.record(TRANSACTIONS, month).inputs["mapping"] for month in SEPTEMBER.through(NOVEMBER)} == {
        reading_inputs(changed)["mapping"]
    }
    assert planned("2011-11")["months"]["transactions"] == "2011-11"


@pytest.mark.usefixtures("other_mapping")
def test_a_backfill_with_another_mapping_needs_acceptance_where_a_later_month_is_published(
    planned: Callable[..., Any], lake: Lake, database: Database
) -> None:
    publish_new_run(database, lake, NOVEMBER.as_of)
    with pytest.raises(RestatedError, match="the published forecasts of 2011-11 were made from them"):
        planned("2011-10")
