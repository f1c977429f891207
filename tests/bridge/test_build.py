"""The bridge between two published months of a shop, scored by real models on Spark."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from sqlalchemy import RowMapping, text
from sqlalchemy.exc import OperationalError

from jobs.bridge import build
from jobs.build_bridge import main
from jobs.core.month import Month
from jobs.core.postgres import statement
from jobs.erasure.lake import erase, trace
from jobs.erasure.marks import Marks
from jobs.forecasting.forecaster import Forecaster
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS
from jobs.models.training_data import read_history
from jobs.publishing.report import report
from jobs.sources import load
from jobs.withdraw import withdraw
from tests.bridge.conftest import AS_OF, BEFORE, FRAMES, SNAPSHOTS, Shop
from tests.forecasts import seen
from tests.periods import take_out
from tests.snapshots import TABLE


def total(forecaster: Forecaster, snapshot: pd.DataFrame, as_of: date) -> Decimal:
    return Decimal(sum(forecaster.predict(snapshot, as_of=as_of)["clv_12m"]))


def test_readers_see_why_the_total_changed_and_what_the_model_s_part_is(
    shop: Shop, forecasters: tuple[Forecaster, Forecaster]
) -> None:
    assert shop.bridge() == 11
    seen_by_reader, amounts = shop.seen(), shop.amounts()
    old, new = (total(forecaster, FRAMES[BEFORE], BEFORE) for forecaster in forecasters)
    assert amounts["start"] == old
    assert amounts["end"] == total(forecasters[1], FRAMES[AS_OF], AS_OF)
    assert amounts["restatement"] == 0
    assert amounts["model"] == new - old != 0
    assert sum(value for step, value in amounts.items() if step != "end") == amounts["end"]
    assert seen_by_reader["months_rolling_on"]["total_after"] == seen_by_reader["end"]["total_after"] == amounts["end"]
    versions = {(row["model_version_before"], row["model_version"]) for row in seen_by_reader.values()}
    assert versions == {(shop.old, shop.new)}
    assert {(row["as_of"], row["data_month"], row["currency"]) for row in seen_by_reader.values()} == {
        (AS_OF, str(Month.before(AS_OF)), "EUR")
    }


def test_a_customer_who_was_erased_is_missing_at_both_ends(shop: Shop) -> None:
    erased = str(FRAMES[AS_OF].merge(FRAMES[BEFORE], on="customer_id")["customer_id"].iloc[0])
    before = {as_of: sum(row["clv_12m"] for row in rows) for as_of, rows in by_month(shop).items()}
    with shop.database.owner.begin() as connection:
        connection.execute(text("SELECT clv.forget(ARRAY[:erased], 'Ada', 'why')"), {"erased": erased})
    for table in (TABLE, FORECASTS):
        left = trace(table, [erased], Marks([erased], load("simulated_shop")), "")
        assert left is not None
        assert erase(shop.lake, table, left, {}) == len(before)
    shop.bridge()
    after = {as_of: sum(row["clv_12m"] for row in rows) for as_of, rows in by_month(shop).items()}
    assert (shop.amounts()["start"], shop.amounts()["end"]) == (after[BEFORE], after[AS_OF])
    assert after != before


def by_month(shop: Shop) -> dict[date, list[RowMapping]]:
    rows = seen(shop.database)
    return {as_of: [row for row in rows if row["as_of"] == as_of] for as_of in (BEFORE, AS_OF)}


def test_building_it_again_gives_the_same_rows_and_publishes_nothing(shop: Shop) -> None:
    shop.bridge()
    before, forecasts = seen(shop.database, "bridge"), seen(shop.database)
    record = shop.lake.record(FORECASTS, BEFORE)
    assert shop.bridge() == 11
    assert seen(shop.database, "bridge") == before
    assert seen(shop.database) == forecasts
    assert shop.lake.record(FORECASTS, BEFORE) == record


def test_a_champion_that_stayed_is_not_asked_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.publish(AS_OF, shop.old)
    monkeypatch.delattr(build, "forecast")
    shop.bridge()
    assert (shop.amounts()["restatement"], shop.amounts()["model"]) == (0, 0)


def test_a_restatement_is_kept_apart_from_the_model(shop: Shop, forecasters: tuple[Forecaster, Forecaster]) -> None:
    shop.restate()
    shop.bridge()
    corrected = read_history(shop.lake, TABLE, len(SNAPSHOTS[BEFORE]), [BEFORE])[BEFORE]
    old, new = (total(forecaster, corrected, BEFORE) for forecaster in forecasters)
    amounts = shop.amounts()
    assert amounts["restatement"] == old - amounts["start"] != 0
    assert amounts["model"] == new - old
    assert shop.seen()["restatement"]["customers"] == 1


def test_restatement_and_model_are_one_step_where_the_old_version_is_gone(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.restate()
    shop.registry._client.delete_model_version(shop.registry.model, str(shop.old))
    with caplog.at_level(logging.INFO):
        assert shop.bridge() == 10
    amounts = shop.amounts()
    assert not {"restatement", "model"} & set(amounts)
    assert sum(value for step, value in amounts.items() if step != "end") == amounts["end"]
    assert f"version {shop.old} cannot score any more" in caplog.text


def test_the_old_version_is_not_needed_where_the_snapshot_is_the_one_that_was_published(shop: Shop) -> None:
    shop.bridge()
    before = seen(shop.database, "bridge")
    shop.registry._client.delete_model_version(shop.registry.model, str(shop.old))
    shop.bridge()
    assert seen(shop.database, "bridge") == before


@pytest.mark.parametrize("gone", ["month", "snapshot", "version"])
def test_a_bridge_that_cannot_be_known_is_left_out_with_its_reason(
    shop: Shop, gone: str, caplog: pytest.LogCaptureFixture
) -> None:
    if gone == "month":
        withdraw(shop.database.writer, Month.before(BEFORE), by="an operator", because="wrong prices")
    elif gone == "snapshot":
        take_out(shop.lake, TABLE, BEFORE)
    else:
        shop.registry._client.delete_model_version(shop.registry.model, str(shop.new))
    with caplog.at_level(logging.INFO):
        assert shop.bridge() == 0
    assert seen(shop.database, "bridge") == []
    reason = {
        "month": f"nothing is published as of {BEFORE}",
        "snapshot": f"features has no complete as_of={BEFORE}",
        "version": "is not in MLflow: it was deleted",
    }
    assert f"No bridge to {AS_OF}" in caplog.text
    assert reason[gone] in caplog.text


def test_a_month_that_is_published_again_has_its_new_bridge_alone(shop: Shop) -> None:
    shop.bridge()
    run_id = shop.publish(AS_OF, shop.old)
    assert shop.seen() == {}, "nobody has built the bridge to the new forecast yet"
    shop.bridge()
    assert {row["run_id"] for row in shop.seen().values()} == {run_id}
    assert len(shop.seen()) == 11


def test_a_run_of_the_month_before_builds_the_bridge_from_it_again(shop: Shop) -> None:
    shop.bridge()
    shop.publish(BEFORE, shop.new)
    assert shop.seen() == {}, "the bridge starts from a forecast that readers do not see any more"
    assert shop.bridge(BEFORE) == 11
    assert shop.amounts()["model"] == 0


def test_a_failure_while_the_rows_are_written_leaves_the_bridge_as_it_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.bridge()
    before = seen(shop.database, "bridge")

    def cut(name: str) -> object:
        if name == "record_bridge":
            raise OperationalError("INSERT", {}, Exception("the connection was cut"))
        return statement(name)

    monkeypatch.setattr(build, "statement", cut)
    with pytest.raises(OperationalError):
        shop.bridge()
    assert seen(shop.database, "bridge") == before


def test_a_snapshot_that_is_replaced_while_it_is_scored_is_read_as_it_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.bridge()
    before = shop.amounts()
    scored = build._Rescoring.by

    def replaced_meanwhile(rescoring: build._Rescoring, number: int) -> pd.DataFrame:
        made = scored(rescoring, number)
        shop.restate()
        return made

    monkeypatch.setattr(build._Rescoring, "by", replaced_meanwhile)
    replace(shop, lake=Lake(shop.lake.root, versions={})).bridge()
    assert shop.amounts() == before


@pytest.mark.usefixtures("environment")
def test_the_job_builds_the_bridge_and_the_report_prints_it(shop: Shop) -> None:
    run_id = shop.publish(AS_OF, shop.new)
    main(["--as-of", str(AS_OF), "--run-id", str(run_id)])
    with shop.database.owner.connect() as connection:
        tasks = [tuple(task) for task in connection.execute(text("SELECT task, rows FROM clv.run_task"))]
    assert tasks == [("publish.build_bridge", 11)]
    lines = report(shop.database.writer, run_id, {}).splitlines()
    first = lines.index("Why the total changed since the month before (clv.bridge):") + 1
    assert [line[:26].strip() for line in lines[first : first + 11]] == [step.replace("_", " ") for step in shop.seen()]
    assert f"{shop.amounts()['model']:,.2f}" in lines[first + 2]
