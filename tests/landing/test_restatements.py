from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession
from sqlalchemy import text

from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.landing.cache import CACHE
from jobs.landing.deliveries import deliveries
from jobs.landing.restatements import Changes, RestatedError, Total, changes, restatement
from jobs.plan import main
from jobs.sources import load
from jobs.sources.mapping import Source
from tests.conftest import Database
from tests.forecasts import publish_new_run
from tests.ingesting import ingest_all
from tests.test_ingest import LINES, ODD_AMOUNTS, SESSIONS, SHOP, THREE_COLUMNS, deliver_month

SEPTEMBER, OCTOBER, NOVEMBER = Month(2011, 9), Month(2011, 10), Month(2011, 11)
AS_OF = date(2011, 12, 1)


@dataclass(frozen=True)
class Shop:
    """A shop that was ingested up to November."""

    source: Source
    landing: Path
    lake: Lake

    def seen(self, table: str = "transactions", source: Source | None = None) -> Changes:
        delivered = deliveries(source or self.source, self.landing, self.lake.root)[table]
        fingerprints = {month: delivered.fingerprint(month) for month in delivered.months}
        return changes(delivered, self.lake, SEPTEMBER.through(NOVEMBER), fingerprints)

    def moved(self, month: Month, table: str = "transactions") -> tuple[Total, Total]:
        delivered = deliveries(self.source, self.landing, self.lake.root)[table]
        found = restatement(self.source, delivered, self.lake, month, cache=self.lake.root / CACHE)
        return found.before, found.now


@pytest.fixture(scope="module")
def by_folder(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("folders")
    shop = Shop(SHOP, root / "landing", Lake(root / "lake"))
    for month in (OCTOBER, NOVEMBER):
        deliver_month(shop.landing, "transactions", month, LINES)
        deliver_month(shop.landing, "sessions", month, SESSIONS)
    ingest_all(spark, SHOP, shop.landing, shop.lake, AS_OF)
    return shop


def till() -> pd.DataFrame:
    """September to December of a shop with three columns, with slips of the pen and amounts that are none."""
    days = [f"2011-{month:02d}-{day:02d}" for month in (9, 10, 11, 12) for day in range(1, 29)]
    rows = pd.DataFrame({"customer": "7", "day": days * 40, "paid": "0.3333"})
    strays = pd.DataFrame({"customer": "7", "day": ["2011-11-30"] * 2 + ["1901-01-01", "2099-01-01", "soon"]})
    odd = ["NaN", "Infinity", "1_000", "1e2", "-0", " 5 ", "1e20", "0.00005", "ten", "", "12345678901234", "+.5"]
    amounts = pd.DataFrame({"customer": "7", "day": "2011-10-05", "paid": odd})
    return pd.concat([rows, strays.assign(paid=ODD_AMOUNTS), amounts])


@pytest.fixture(scope="module")
def one_file(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("file")
    till().to_csv(root / "till.csv", index=False)
    shop = Shop(THREE_COLUMNS, root / "till.csv", Lake(root / "lake"))
    ingest_all(spark, THREE_COLUMNS, shop.landing, shop.lake, AS_OF)
    return shop


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[Shop], Shop]:
    """A copy of a shop, to deliver to it anew."""

    def copied(shop: Shop) -> Shop:
        shutil.copytree(shop.landing.parent, tmp_path / "shop")
        return replace(shop, landing=tmp_path / "shop" / shop.landing.name, lake=Lake(tmp_path / "shop" / "lake"))

    return copied


def deliver_again(shop: Shop, table: str, month: Month, lines: str) -> None:
    shutil.rmtree(shop.landing / table / f"month={month}")
    deliver_month(shop.landing, table, month, lines)


@pytest.mark.parametrize("month", [SEPTEMBER, OCTOBER, NOVEMBER])
def test_a_file_that_has_not_changed_has_moved_nothing_whatever_its_rows_are(one_file: Shop, month: Month) -> None:
    before, now = one_file.moved(month)
    assert before == now
    assert one_file.seen() == Changes(restated=[], undated=[])


def test_month_folders_that_have_not_changed_have_moved_nothing_whatever_their_rows_are(by_folder: Shop) -> None:
    before, now = by_folder.moved(NOVEMBER)
    assert before == now
    assert before.rows == LINES.count("\n") - 1
    before, now = by_folder.moved(NOVEMBER, "sessions")
    assert before == now == Total(rows=SESSIONS.count("\n") - 1, money=None)
    assert by_folder.seen() == by_folder.seen("sessions") == Changes(restated=[], undated=[])


def test_a_month_delivered_otherwise_is_seen_with_the_rows_and_the_money_that_moved(
    by_folder: Shop, copy: Callable[[Shop], Shop]
) -> None:
    shop = copy(by_folder)
    deliver_again(shop, "transactions", OCTOBER, f"{LINES}99,A,2011-10-09,c9,3,0.3333\n98,A,2011-10-09,c9,1,lots\n")
    assert shop.seen() == Changes(restated=[OCTOBER], undated=[])
    assert shop.seen("sessions") == Changes(restated=[], undated=[])
    before, now = shop.moved(OCTOBER)
    assert before.money is not None
    assert (now.rows - before.rows, now.money) == (2, before.money + Decimal("0.9999"))


def test_a_file_that_gains_and_loses_rows_is_seen_month_by_month(one_file: Shop, copy: Callable[[Shop], Shop]) -> None:
    shop = copy(one_file)
    rows = till()
    changed = pd.concat([rows[rows["day"] != "2011-10-07"], rows[rows["day"] == "2011-12-03"]])
    changed.to_csv(shop.landing, index=False)
    assert shop.seen() == Changes(restated=[OCTOBER], undated=[])
    before, now = shop.moved(OCTOBER)
    assert before.money is not None
    assert (now.rows - before.rows, now.money) == (-40, before.money - 40 * Decimal("0.3333"))


def test_a_month_that_vanished_from_a_file_is_restated_and_a_folder_that_was_taken_away_is_not(
    one_file: Shop, by_folder: Shop, copy: Callable[[Shop], Shop], tmp_path: Path
) -> None:
    shop = copy(one_file)
    rows = till()
    rows[~rows["day"].str.startswith("2011-10")].to_csv(shop.landing, index=False)
    assert shop.seen() == Changes(restated=[OCTOBER], undated=[])
    assert shop.moved(OCTOBER)[1] == Total(rows=0, money=Decimal(0))
    shutil.rmtree(tmp_path / "shop")
    shop = copy(by_folder)
    shutil.rmtree(shop.landing / "transactions" / f"month={OCTOBER}")
    assert shop.seen() == Changes(restated=[], undated=[])


def test_rows_without_a_readable_time_restate_no_month(one_file: Shop, copy: Callable[[Shop], Shop]) -> None:
    shop = copy(one_file)
    late = pd.DataFrame({"customer": "8", "day": ["later", "1902-01-01"], "paid": "4"})
    pd.concat([till(), late]).to_csv(shop.landing, index=False)
    assert shop.seen() == Changes(restated=[], undated=[SEPTEMBER])
    both = pd.concat([till(), late, pd.DataFrame({"customer": ["8"], "day": ["2011-09-05"], "paid": ["4"]})])
    both.to_csv(shop.landing, index=False)
    assert shop.seen() == Changes(restated=[SEPTEMBER], undated=[])


def test_another_mapping_is_no_restatement(by_folder: Shop) -> None:
    other = replace(SHOP, rejects_duplicates=False, rules=())
    assert by_folder.seen(source=other) == Changes(restated=[], undated=[])


def test_what_takes_spark_to_value_is_told_in_rows_alone(by_folder: Shop) -> None:
    signed = replace(by_folder, source=replace(SHOP, returns="delivered.qty < 0"))
    assert {total.money for total in signed.moved(NOVEMBER)} == {None}


COLUMNS = "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n"


@pytest.fixture
def planned(
    environment: None, lake: Lake, spark: SparkSession, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """A shop ingested from September to November; plans a run of a month of it, and gives what it printed."""
    landing = lake.root.with_name("landing")
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
    landing = lake.root.with_name("landing")
    shutil.rmtree(landing / "transactions" / f"month={month}")
    rows = f"1,7,{month}-05 10:00:00,p,2,2.50\n2,8,{month}-06 10:00:00,p,4,2.50\n"
    deliver_month(landing, "transactions", month, COLUMNS + rows)


def runs(database: Database) -> list[dict[str, Any]]:
    with database.owner.connect() as connection:
        query = text("SELECT is_dry_run, restate, model_choice, note, plan FROM clv.run ORDER BY run_id")
        return [dict(row) for row in connection.execute(query).mappings()]


def test_a_run_that_finds_a_month_restated_is_refused_and_told_what_to_do(
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
    assert plan["months"] == "2011-10,2011-11"
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
    before, sizes = files(lake.root.parent), table_sizes(database)
    plan = planned("2011-11", "--dry-run")
    assert plan["dry_run"] is True
    assert plan["note"].startswith("DRY RUN, ends with this plan. Month 2011-11: forecast")
    assert "RESTATED, refused unless restate=accept: 2011-10 transactions" in plan["note"]
    assert files(lake.root.parent) == before
    assert table_sizes(database) == sizes | {"run": 1}
    [run] = runs(database)
    assert run["is_dry_run"]


def test_a_dry_run_of_a_file_leaves_no_copy_and_no_cache(
    environment: None, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    landing = lake.root.with_name("landing")
    landing.mkdir()
    rows = "".join(f"{n},7,2011-{month}-05 10:00:00,p,2,2.50\n" for n, month in enumerate((10, 11, 12)))
    (landing / "transactions.csv").write_text(COLUMNS + rows, encoding="utf-8")
    run = ["--run-type", "manual", "--logical-date", "", "--month", "", "--dag-run-id", "manual"]
    main([*run, "--dry-run"])
    assert not lake.root.exists()
    dry = json.loads(capsys.readouterr().out.splitlines()[-1])
    main(run)
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["months"] == dry["months"]
    known = files(lake.root)
    main([*run, "--dry-run"])
    assert files(lake.root) == known != {}
