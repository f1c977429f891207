"""A customer is erased from a shop that is in use: no file holds anything of them, and everybody else stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from jobs import forget
from jobs.core.migrations import migrate
from jobs.core.month import Month
from jobs.core.postgres import execute
from jobs.erasure.database import InUseError
from jobs.erasure.lakes import OtherLakeError
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.lake.schemas import arrow_schema
from jobs.lake.tables import CUSTOMERS as ACCOUNTS
from jobs.lake.tables import FORECASTS, rejected
from jobs.lake.versions import Record
from jobs.landing.cache import Kept
from jobs.landing.deliveries import delivery
from jobs.landing.kept_lists import KeptLists
from jobs.local_stack import postgres_server
from jobs.publishing.rollback import roll_back
from jobs.sources import load
from tests.backups.servers import database_of, point_at, server
from tests.conftest import Database
from tests.erasure.search import files_that_hold
from tests.forecasts import DECEMBER, NOVEMBER, plan, publish, row, seen, write
from tests.periods import put

ERASED, STAYS = "person-to-erase-4711", "person-who-stays"
MONTH = Month(2011, 11)
SHOP = load("simulated_shop")


def publish_run(database: Database, lake: Lake, as_of: date, level: str) -> int:
    run_id = plan(database.writer, as_of, lake=lake)
    write(lake, as_of, [row(name, level=level) for name in (ERASED, STAYS)])
    publish(database.writer, lake, as_of=as_of, run_id=run_id)
    execute(database.writer, "record_task", run_id=run_id, task="publish.report", **NOTHING)
    return run_id


NOTHING = {"attempt": 1, "seconds": 1, "peak_memory_mb": 1, "rows": None}


@pytest.fixture
def used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Database, Lake, list[int]]]:
    """The database and the lake of a shop with three runs, two of one month; and what is delivered to it."""
    state = tmp_path / "state"
    state.mkdir()
    with server(state) as sockets:
        postgres_server.create_databases(sockets)
        database = database_of(sockets)
        migrate(database.owner)
        lake = Lake(str(state / "lake"))
        runs = [
            publish_run(database, lake, as_of, level)
            for as_of, level in ((NOVEMBER, "1.00"), (DECEMBER, "2.00"), (DECEMBER, "3.00"))
        ]
        point_at(monkeypatch, state, sockets)
        monkeypatch.setenv("CLV_LANDING", str(deliver(tmp_path / "landing")))
        keep_list(lake, tmp_path / "landing/customers.csv")
        yield database, lake, runs


def deliver(landing: Path) -> Path:
    landing.mkdir()
    names = SHOP.transactions
    assert SHOP.customers is not None
    order = {names.customer_id: [ERASED], names.ordered_at: ["2011-11-05"], names.order_id: ["1"]}
    rest = {name: ["1"] for name in (names.product_id, names.units, names.unit_price) if name is not None}
    pq.write_table(pa.table(order | rest), landing / "transactions.parquet")
    head = f"{SHOP.customers.customer_id},{SHOP.customers.signup_on},membership,city,country"
    (landing / "customers.csv").write_text(f"{head}\n{ERASED},2011-01-01,none,,\n{STAYS},2011-01-01,none,,\n")
    return landing


def keep_list(lake: Lake, customers: Path) -> None:
    """The list of customers, ingested."""
    KeptLists("customers", Kept.in_folder(lake.root)).keep(MONTH, [customers])
    kept = delivery(SHOP, "customers", customers.parent, Kept.in_folder(lake.root))
    assert kept is not None
    inputs = {"landing": kept.fingerprint(MONTH)}
    rows = pa.Table.from_pylist([{"customer_id": name} for name in (ERASED, STAYS)], arrow_schema(ACCOUNTS))
    put(lake, ACCOUNTS, MONTH, Record(rows=2, fingerprint="accounts", inputs=inputs), rows)
    put(lake, rejected(ACCOUNTS), MONTH, Record(rows=0, fingerprint="0", inputs=inputs))


def erase(**changed: str) -> None:
    options = {"customer": ERASED, "by": "Ada", "because": "request 17"} | changed
    forget.main([f"--{name}={value}" for name, value in options.items()])


def test_no_byte_of_them_is_left_and_everybody_else_is(
    used: tuple[Database, Lake, list[int]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database, lake, _ = used
    state = tmp_path / "state"
    with database.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
        connection.execute(text("CHECKPOINT"))
    before = {place.partition("/")[0] for place in files_that_hold(ERASED, state)}
    assert before == {"data", "lake"}
    stayed = [entry for entry in seen(database, "forecast") if entry["customer_id"] == STAYS]
    erase()
    assert files_that_hold(ERASED, state) == []
    assert files_that_hold(STAYS, state) != []
    assert list(seen(database, "forecast")) == stayed
    assert read_rows(lake, FORECASTS, [NOVEMBER, DECEMBER], ["customer_id"])["customer_id"].to_pylist() == [STAYS] * 2
    landing = tmp_path / "landing"
    warned = {record.args[0] for record in caplog.records if "remove them there" in record.msg}  # type: ignore[index]
    assert warned == {landing / "customers.csv", landing / "transactions.parquet"}
    assert ERASED not in caplog.text


def test_published_totals_stay_and_are_explained(used: tuple[Database, Lake, list[int]]) -> None:
    database, _, runs = used
    before = seen(database, "all_runs")
    erase()
    after = seen(database, "all_runs")
    assert [dict(run) | {"lake_versions": None} for run in after] == [
        dict(run) | {"lake_versions": None} for run in before
    ]
    erasures = seen(database, "erasures")
    assert [(e["run_id"], e["customers"], e["clv_12m"]) for e in erasures] == [
        (run_id, 1, 78 * Decimal(level)) for run_id, level in zip(runs, (1, 2, 3), strict=True)
    ]
    assert {(e["erased_by"], e["because"], e["customers_named"]) for e in erasures} == {("Ada", "request 17", 1)}
    for run, erased in zip(sorted(after, key=lambda run: run["run_id"]), erasures, strict=True):
        with database.owner.connect() as connection:
            query = (
                "SELECT sum(clv_12m) FROM clv.forecast_rows JOIN clv.forecast_load USING (load_id) WHERE run_id = :r"
            )
            there = connection.execute(text(query), {"r": run["run_id"]}).scalar_one()
        assert there + erased["clv_12m"] == run["clv_12m_total"]


def test_a_run_that_lost_a_customer_can_be_published_again(used: tuple[Database, Lake, list[int]]) -> None:
    database, _, runs = used
    erase()
    assert roll_back(database.writer, MONTH, runs[1], by="Ada", because="the later one is wrong") is not None
    assert {entry["run_id"] for entry in seen(database, "forecast") if entry["as_of"] == DECEMBER} == {runs[1]}


def test_nothing_is_to_be_made_anew_and_runs_name_versions_that_are_there(
    used: tuple[Database, Lake, list[int]], tmp_path: Path
) -> None:
    database, lake, _ = used
    made = {day: lake.record(FORECASTS, day).fingerprint for day in (NOVEMBER, DECEMBER)}
    erase()
    assert {day: lake.record(FORECASTS, day).fingerprint for day in made} == made
    kept = delivery(SHOP, "customers", tmp_path / "landing", Kept.in_folder(lake.root))
    assert kept is not None
    for table in (ACCOUNTS, rejected(ACCOUNTS)):
        assert lake.is_current(table, MONTH, {"landing": kept.fingerprint(MONTH)})
    for run in seen(database, "all_runs"):
        assert read_rows(Lake(lake.root, versions=run["lake_versions"]), FORECASTS, [DECEMBER]).num_rows == 1


def test_a_second_time_finds_nothing_and_says_so(
    used: tuple[Database, Lake, list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    erase()
    erase()
    assert "There was no row of theirs" in caplog.text
    database, _, runs = used
    assert [entry["run_id"] for entry in seen(database, "erasures")] == [*runs, None]


def test_what_is_refused(used: tuple[Database, Lake, list[int]]) -> None:
    database, _, _ = used
    for name, value in (("because", f"{ERASED} asked"), ("by", ERASED), ("because", " "), ("customer", "")):
        with pytest.raises(forget.ErasureError, match=r"must not be empty|contain the id"):
            erase(**{name: value})
    assert seen(database, "erasures") == []


def test_customers_of_a_file(used: tuple[Database, Lake, list[int]], tmp_path: Path) -> None:
    """As Excel saves it: with a byte order mark and its line ends."""
    (tmp_path / "customers.txt").write_text(f"{ERASED}\n \n nobody\n", encoding="utf-8-sig", newline="\r\n")
    forget.main([f"--customers-from={tmp_path / 'customers.txt'}", "--by=Ada", "--because=request 17"])
    assert {entry["customer_id"] for entry in seen(used[0], "forecast")} == {STAYS}
    assert {entry["customers_named"] for entry in seen(used[0], "erasures")} == {2}


def test_a_file_that_cannot_be_read(used: tuple[Database, Lake, list[int]], tmp_path: Path) -> None:
    (tmp_path / "utf-16.txt").write_text(ERASED, encoding="utf-16")
    for name in ("nowhere.txt", "utf-16.txt"):
        with pytest.raises(forget.ErasureError, match=rf"cannot read .*{name}"):
            forget.main([f"--customers-from={tmp_path / name}", "--by=Ada", "--because=request 17"])


def test_not_with_the_lake_of_another_shop(
    used: tuple[Database, Lake, list[int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLV_LAKE", str(tmp_path / "another"))
    with pytest.raises(OtherLakeError, match=r"another has no table .* nothing was erased"):
        erase()
    assert seen(used[0], "erasures") == []
    assert {entry["customer_id"] for entry in seen(used[0], "forecast")} == {ERASED, STAYS}


def test_not_while_a_run_may_still_write(used: tuple[Database, Lake, list[int]]) -> None:
    database, _, _ = used
    run_id = plan(database.writer, DECEMBER)
    with pytest.raises(
        forget.ErasureError, match=rf"run {run_id} of 2011-11 .* has not written its report \(running\)"
    ):
        erase()
    assert seen(database, "erasures") == []
    with database.owner.begin() as connection:
        connection.execute(text("UPDATE clv.run SET planned_at = planned_at - interval '25 hours'"))
    erase()


def test_not_while_rows_are_added(used: tuple[Database, Lake, list[int]]) -> None:
    database, _, _ = used
    with database.owner.begin() as connection:
        connection.execute(text("LOCK TABLE clv.forecast_rows IN ROW EXCLUSIVE MODE"))
        with pytest.raises(forget.ErasureError, match=r"forecast_rows|lock timeout"):
            erase()
    assert seen(database, "erasures") == []


def test_a_table_that_somebody_reads_for_long_is_named_and_the_rows_are_gone(
    used: tuple[Database, Lake, list[int]],
) -> None:
    database, _, _ = used
    with database.reader.connect() as connection:
        connection.execute(text("SELECT * FROM clv.forecast LIMIT 1"))
        with pytest.raises(InUseError, match="Run this again when nobody reads"):
            erase()
    assert {entry["customer_id"] for entry in seen(database, "forecast")} == {STAYS}
    erase()


@pytest.mark.parametrize("role", ["clv_writer", "clv_reader"])
def test_no_role_of_the_pipeline_may_erase(database: Database, role: str) -> None:
    connect = {"clv_writer": database.writer, "clv_reader": database.reader}[role]
    with connect.connect() as connection, pytest.raises(Exception, match="permission denied for function forget"):
        connection.execute(text("SELECT * FROM clv.forget(ARRAY['c1'], 'Ada', 'why')"))
