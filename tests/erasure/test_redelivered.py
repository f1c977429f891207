"""Rows of an erased customer that are delivered again are counted, and not kept."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession
from sqlalchemy import text

from jobs.cleaning.erasures import left_out_of_customers
from jobs.cleaning.run_ingestion import RunIngestion
from jobs.core.month import Month
from jobs.core.settings import Settings
from jobs.lake.lake import Lake
from jobs.lake.tables import CUSTOMERS as ACCOUNTS
from jobs.lake.tables import SESSIONS as LOGINS
from jobs.lake.tables import TRANSACTIONS
from jobs.landing.cache import Kept
from jobs.landing.deliveries import TABLES, dated, deliveries, keep_lists
from jobs.landing.kept_lists import KeptLists
from tests.conftest import Database
from tests.corner_shop import CUSTOMERS, LINES, PRODUCTS, SESSIONS, SHOP, deliver_month
from tests.forecasts import DECEMBER, plan, seen
from tests.ingesting import ingest_all, rejected, stored

NOVEMBER = Month(2011, 11)


def test_they_are_refused_and_everything_else_is_as_without_an_erasure(
    spark: SparkSession, database: Database, landing: Path, tmp_path: Path
) -> None:
    malformed = '13,A,"c1"\n'
    deliver_month(landing, "transactions", NOVEMBER, LINES + malformed)
    deliver_month(landing, "sessions", NOVEMBER, SESSIONS)
    (landing / "customers.csv").write_text(CUSTOMERS)
    (landing / "products.csv").write_text(PRODUCTS)
    before, after = Lake(str(tmp_path / "before")), Lake(str(tmp_path / "after"))
    expected = ingest_all(spark, SHOP, landing, before, DECEMBER)
    with database.owner.begin() as connection:
        connection.execute(text("SELECT clv.forget(ARRAY['c1'], 'Ada', 'request 17')"))
    keep_lists(
        dated(deliveries(SHOP, landing, Kept.in_folder(after.root))), left_out_of_customers(database.writer, SHOP)
    )
    RunIngestion(
        spark=spark,
        source=SHOP,
        settings=Settings(environ={"CLV_LANDING": str(landing), "CLV_LAKE": after.root}),
        lake=after,
        database=database.writer,
        run_id=plan(database.writer, DECEMBER),
        months=dict.fromkeys(TABLES, str(NOVEMBER)),
        is_forced=False,
    ).ingest()
    for table in (TRANSACTIONS, LOGINS, ACCOUNTS):
        kept = [entry for entry in stored(spark, before, table) if entry[0] != "c1"]
        assert stored(spark, after, table) == kept
        erased = [entry for entry in rejected(spark, after, table) if entry[3] == ["erased"]]
        assert bool(erased) == (table != ACCOUNTS)  # no list of them is kept to begin with
        assert all(raw == {"erased": True} for _, _, raw, _ in erased)
        others = [
            entry
            for entry in rejected(spark, before, table)
            if "c1" not in entry[2].values() and entry[2] != {"malformed_line": malformed.strip()}
        ]
        assert [entry for entry in rejected(spark, after, table) if entry[3] != ["erased"]] == others
    counted = {entry["table_name"]: entry["delivered_rows"] for entry in seen(database, "ingested")}
    in_lists = CUSTOMERS.count("c1,")
    assert counted == {
        name: result.read - (in_lists if name == "customers" else 0) for name, result in expected.items()
    }
    [listed] = KeptLists("customers", Kept.in_folder(after.root)).files(NOVEMBER)
    assert listed.read_text() == "".join(line for line in CUSTOMERS.splitlines(True) if not line.startswith("c1,"))
