"""The drift of a published month of a shop."""

from __future__ import annotations

import json
import logging
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from jobs.core.month import Month
from jobs.core.postgres import fetch, statement
from jobs.drift import measure
from jobs.drift.measure import REFERENCE_MONTHS, Compared, measure_drift, warning_of
from jobs.lake.lake import Lake
from jobs.measure_drift import main
from jobs.models.model_version import Version
from jobs.models.registry import Registry
from jobs.publishing.report import report
from tests.conftest import Database
from tests.forecasts import plan, publish, row, seen, write
from tests.snapshots import TABLE, simulated_snapshots, write_snapshots

SNAPSHOTS = simulated_snapshots(months=16, customers=80)
DAYS = sorted(SNAPSHOTS)
EARLIER, AS_OF = DAYS[-3:-1], DAYS[-1]


@pytest.fixture(autouse=True)
def trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every version was trained on what was known at AS_OF."""
    monkeypatch.setattr(Registry, "version", lambda _, number: Version(number, {"as_of": str(AS_OF)}))


@pytest.fixture
def shop(database: Database, lake: Lake) -> Database:
    """Three published months, after sixteen that the lake knows."""
    for as_of in (*EARLIER, AS_OF):
        publish_month(database, lake, as_of)
    write_snapshots(lake, SNAPSHOTS)
    return database


@pytest.fixture
def old_shop(database: Database, lake: Lake) -> Database:
    """A year of published months, and one more."""
    for as_of in DAYS[-1 - REFERENCE_MONTHS :]:
        publish_month(database, lake, as_of)
    write_snapshots(lake, SNAPSHOTS)
    return database


def publish_month(database: Database, lake: Lake, as_of: date, *, level: int = 0, status: str = "active") -> int:
    """Publish a month in which customer number n is worth n, or `level` if given, in the first forecast month."""
    customers = SNAPSHOTS[as_of]["customer_id"]
    rows = [
        row(customer, level=f"{level or number}.00", status=status)
        for number, customer in enumerate(customers, start=1)
    ]
    run_id = plan(database.writer, as_of)
    write(lake, as_of, rows)
    publish(database.writer, lake, as_of=as_of, run_id=run_id)
    return run_id


def measured(database: Database, lake: Lake) -> int:
    return len(compared(database, lake))


def compared(database: Database, lake: Lake) -> list[Compared]:
    return measure_drift(database.writer, Registry("http://127.0.0.1:1", database.writer), lake, TABLE, as_of=AS_OF)


def drifted(database: Database) -> set[tuple[str, str]]:
    return {(row["kind"], row["name"]) for row in seen(database, "drift") if row["is_drifted"]}


def test_readers_see_how_far_inputs_forecasts_and_mix_are_from_the_months_of_the_training(
    shop: Database, lake: Lake
) -> None:
    rows = measured(shop, lake)
    drift = seen(shop, "drift")
    assert len(drift) == rows
    assert {row["as_of"] for row in drift} == {AS_OF}
    ends = {row["kind"]: (row["first_as_of"], row["last_as_of"]) for row in drift}
    published = (EARLIER[0], EARLIER[-1])
    assert ends == {"input": (DAYS[-13], DAYS[-2]), "forecast": published, "mix": published}
    assert {row["kind"] for row in drift if row["threshold"] is not None} == {"input"}, "two months hold no year"
    names = {kind: {row["name"] for row in drift if row["kind"] == kind} for kind in ("input", "forecast", "mix")}
    assert names["input"] >= {"net_value_30d", "membership", "recency_days"}
    assert names["forecast"] == {"clv_12m", "p_active_12m"}
    assert names["mix"] >= {"status", "tier"}
    assert not {("forecast", "clv_12m"), ("mix", "status")} & drifted(shop)


def test_the_distributions_can_be_looked_at(shop: Database, lake: Lake) -> None:
    measured(shop, lake)
    bins = [row for row in seen(shop, "drift_distribution") if row["name"] == "membership"]
    assert {row["bin"] for row in bins} == {"none", "annual", "other"}
    assert sum(row["share"] for row in bins) == pytest.approx(1)
    annual = next(row for row in bins if row["bin"] == "annual")
    assert annual["share"] == pytest.approx((SNAPSHOTS[AS_OF]["membership"] == "annual").mean())


def test_a_change_of_inputs_forecasts_and_mix_is_warned_of_and_blocks_nothing(
    old_shop: Database, lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = publish_month(old_shop, lake, AS_OF, level=500, status="dormant")
    changed = SNAPSHOTS[AS_OF].assign(net_value_30d=9_999.0, membership="monthly")
    write_snapshots(lake, {AS_OF: changed})
    with caplog.at_level(logging.WARNING):
        warning = warning_of(compared(old_shop, lake))
    assert drifted(old_shop) >= {
        ("input", "net_value_30d"),
        ("input", "membership"),
        ("forecast", "clv_12m"),
        ("mix", "status"),
    }
    assert warning.startswith(f"{len(drifted(old_shop))} of ")
    assert f"{AS_OF}: the input net_value_30d has drifted: PSI" in caplog.text
    printed = report(old_shop.writer, run_id, {})
    assert "Warning: the month differs from those that the model was trained on (clv.drift):\n" in printed
    assert "forecast clv_12m" in printed


def test_a_young_shop_is_compared_and_nothing_is_warned_of_before_a_year_is_known(
    database: Database, lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    changed = SNAPSHOTS[AS_OF].assign(net_value_30d=9_999.0)
    run_id = publish_month(database, lake, AS_OF)
    write_snapshots(lake, {day: SNAPSHOTS[day] for day in DAYS[-12:-1]} | {AS_OF: changed})
    with caplog.at_level(logging.WARNING):
        assert warning_of(compared(database, lake)) == ""
    assert caplog.text == ""
    rows = seen(database, "drift")
    assert rows
    assert {(row["threshold"], row["is_drifted"]) for row in rows} == {(None, None)}
    assert "Warning: the month differs" not in report(database.writer, run_id, {})


def test_measuring_again_gives_the_same_rows(shop: Database, lake: Lake) -> None:
    measured(shop, lake)
    before = seen(shop, "drift_distribution")
    measured(shop, lake)
    assert seen(shop, "drift_distribution") == before


def test_a_sample_is_compared_where_there_are_many_customers(
    shop: Database, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "SAMPLED_CUSTOMERS", 20)
    measured(shop, lake)
    shares = [row["share"] for row in seen(shop, "drift_distribution") if row["kind"] == "input"]
    assert all(share * 20 == pytest.approx(round(share * 20)) for share in shares)


def test_without_a_month_to_compare_with_there_is_no_drift_and_the_log_says_so(
    database: Database, lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert measured(database, lake) == 0
        publish_month(database, lake, AS_OF)
        assert measured(database, lake) == 0
    assert f"No drift of {AS_OF}: nothing is published" in caplog.text
    assert f"No drift of {AS_OF}: the lake holds no month that the model was trained on" in caplog.text
    assert seen(database, "drift") == []


def test_a_month_whose_model_version_was_deleted_keeps_its_drift_and_the_log_says_what_to_do(
    shop: Database, lake: Lake, registry: Registry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    measured(shop, lake)
    before = seen(shop, "drift")
    [run] = fetch(shop.writer, "published_run", as_of=AS_OF, value_basis="net_revenue")
    monkeypatch.undo()
    with caplog.at_level(logging.WARNING):
        assert measure_drift(shop.writer, registry, lake, TABLE, as_of=AS_OF) == []
    assert seen(shop, "drift") == before
    assert f"No drift of {AS_OF}: model clv version {run['model_version']} is not in MLflow" in caplog.text
    assert "Run its month again" in caplog.text


def test_a_failure_while_the_rows_are_written_leaves_the_drift_as_it_was(
    shop: Database, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(shop, lake)
    before = seen(shop, "drift")

    def cut(name: str) -> object:
        if name == "record_drift":
            raise OperationalError("INSERT", {}, Exception("the connection was cut"))
        return statement(name)

    monkeypatch.setattr(measure, "statement", cut)
    with pytest.raises(OperationalError):
        measured(shop, lake)
    assert seen(shop, "drift") == before


@pytest.mark.usefixtures("environment")
def test_the_job_measures_the_month_of_its_run_and_prints_what_has_drifted(
    shop: Database, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = publish_month(shop, lake, AS_OF)
    write_snapshots(lake, SNAPSHOTS)
    main(["--as-of", str(AS_OF), "--run-id", str(run_id)])
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert printed["month"] == str(Month.before(AS_OF))
    assert printed["reason"].startswith(f"{len(drifted(shop))} of ")
    with shop.owner.connect() as connection:
        tasks = [tuple(task) for task in connection.execute(text("SELECT task, rows FROM clv.run_task"))]
    assert tasks == [("publish.measure_drift", len(seen(shop, "drift")))]
