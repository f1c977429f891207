from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import psycopg2
import pytest
from psycopg2 import DataError, IntegrityError
from sqlalchemy.exc import DBAPIError

from jobs.core.postgres import execute
from jobs.core.refusal import RefusedError
from jobs.lake.lake import Lake
from jobs.lake.versions import IncompleteError
from jobs.publishing import standard
from jobs.publishing.copy import PublishError
from tests.conftest import Database
from tests.forecasts import (
    CUSTOMERS,
    DECEMBER,
    NOVEMBER,
    OCTOBER,
    SHOP,
    before_statement,
    count,
    plan,
    publish,
    publish_new_run,
    row,
    scored,
    seen,
    write,
    write_snapshot,
)


def test_a_run_is_refused_once_a_newer_run_of_its_month_is_planned(database: Database, lake: Lake) -> None:
    older = plan(database.writer, DECEMBER)
    newer = publish_new_run(database, lake, DECEMBER)
    served = seen(database)
    write(lake, DECEMBER, [row("12346", level="66.00")])
    with pytest.raises(
        DBAPIError, match=f"run {older} of 2011-12-01 is superseded by run {newer}: nothing was changed"
    ):
        publish(database.writer, lake, as_of=DECEMBER, run_id=older)
    assert seen(database) == served


def test_a_newer_run_of_another_month_does_not_stand_in_the_way(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, NOVEMBER)
    plan(database.writer, DECEMBER)
    write(lake, NOVEMBER, [row("12346")])
    publish(database.writer, lake, as_of=NOVEMBER, run_id=run_id)
    assert len(seen(database)) == 1


def test_a_newer_run_that_is_planned_while_the_rows_load_wins(
    database: Database, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row("12346")])
    before_statement(monkeypatch, "publish_load", lambda: plan(database.writer, DECEMBER))
    with pytest.raises(DBAPIError, match="superseded"):
        publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert (count(database, "published"), count(database, "forecast_rows")) == (0, 0)


@pytest.mark.parametrize("as_of", [DECEMBER, OCTOBER])
def test_a_run_publishes_only_the_month_it_was_planned_for(database: Database, lake: Lake, as_of: date) -> None:
    run_id = plan(database.writer, NOVEMBER) if as_of == OCTOBER else 4711
    write(lake, as_of, [row("12346")])
    with pytest.raises(DBAPIError, match=f"run {run_id} was not planned for as_of {as_of}"):
        publish(database.writer, lake, as_of=as_of, run_id=run_id)


def test_two_publishes_of_one_run_at_once_leave_one_whole_forecast(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row(str(number)) for number in range(500)])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: publish(database.writer, lake, as_of=DECEMBER, run_id=run_id), range(4)))
    assert len(seen(database)) == 500


def test_a_forecast_that_is_not_what_its_record_says_is_refused(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row(one) for one in CUSTOMERS], recorded={"sums": {"clv_12m_p90": "4680.01"}})
    with pytest.raises(PublishError, match=r"clv_12m_p90 sums to 4680.00, but to 4680.01 in the lake's record"):
        publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert (count(database, "published"), count(database, "forecast_rows")) == (0, 0)


def test_a_forecast_without_rows_is_refused(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [])
    with pytest.raises(PublishError, match="have no rows"):
        publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)


def test_rows_that_are_lost_on_the_way_are_noticed(
    database: Database, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row(one) for one in CUSTOMERS])
    monkeypatch.setattr(standard, "csv_batches", lambda *_, **__: iter(()))
    with pytest.raises(PublishError, match="0 rows were loaded, but the lake's record has 3"):
        publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert (count(database, "published"), count(database, "forecast_rows")) == (0, 0)


def test_a_forecast_by_another_model_version_than_the_run_s_is_refused(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, DECEMBER)
    execute(database.writer, "set_run_model", run_id=run_id, model_name="clv", model_version=4)
    write(lake, DECEMBER, [row("12346", model_version=3), row("12347", model_version=4)])
    with pytest.raises(PublishError, match=rf"model version \[3, 4\], but run {run_id} scores with 4"):
        publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)


def test_a_forecast_that_another_run_wrote_over_the_run_s_own_is_refused(database: Database, lake: Lake) -> None:
    older = plan(database.writer, DECEMBER)
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row("12346")])
    scored(database.writer, lake, DECEMBER, run_id)
    write(lake, DECEMBER, [row("12346", level="66.00")])
    scored(database.writer, lake, DECEMBER, older)
    with pytest.raises(PublishError, match=f"run {run_id}: the lake holds another forecast than the run made") as error:
        standard.publish(database.writer, lake, SHOP, as_of=DECEMBER, run_id=run_id)
    assert isinstance(error.value, RefusedError), "a retry cannot help"
    assert (count(database, "published"), count(database, "forecast_rows")) == (0, 0)


def test_a_run_that_has_not_scored_publishes_nothing(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, DECEMBER)
    served = seen(database)
    run_id = plan(database.writer, DECEMBER)
    with pytest.raises(PublishError, match=f"run {run_id}: the run has not scored"):
        standard.publish(database.writer, lake, SHOP, as_of=DECEMBER, run_id=run_id)
    assert seen(database) == served


def test_a_forecast_of_another_snapshot_than_the_lake_s_is_refused(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row("12346")])
    write_snapshot(lake, DECEMBER, "rebuilt since")
    with pytest.raises(PublishError, match="made from another snapshot than the lake holds now"):
        publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert (count(database, "published"), count(database, "forecast_rows")) == (0, 0)


def test_a_forecast_whose_record_names_another_version_than_the_run_s_is_refused(
    database: Database, lake: Lake
) -> None:
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row("12346")])
    scored(database.writer, lake, DECEMBER, run_id)
    execute(database.writer, "set_run_model", run_id=run_id, model_name="clv", model_version=4)
    with pytest.raises(PublishError, match="made by model clv/3, but the run scores with clv/4"):
        standard.publish(database.writer, lake, SHOP, as_of=DECEMBER, run_id=run_id)


def test_a_published_run_stays_published_whatever_became_of_its_snapshot(database: Database, lake: Lake) -> None:
    run_id = publish_new_run(database, lake, DECEMBER)
    write_snapshot(lake, DECEMBER, "rebuilt since")
    assert not standard.publish(database.writer, lake, SHOP, as_of=DECEMBER, run_id=run_id).loaded
    assert (count(database, "forecast_load"), count(database, "published_history")) == (1, 1)


def test_a_month_without_a_complete_forecast_is_refused(database: Database, lake: Lake) -> None:
    with pytest.raises(IncompleteError, match="forecasts has no complete as_of=2011-12-01"):
        standard.publish(database.writer, lake, SHOP, as_of=DECEMBER, run_id=plan(database.writer, DECEMBER))


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([row("12346"), row("12346")], IntegrityError, "forecast_rows_pkey"),
        ([row("12346", month_12=Decimal("120.01"))], IntegrityError, "months_sum_to_clv_12m"),
        ([row("12346", clv_6m=Decimal("0.00"))], IntegrityError, "months_sum_to_clv_6m"),
        ([row("12346", clv_3m=Decimal("0.00"))], IntegrityError, "months_sum_to_clv_3m"),
        ([row("12346", clv_1m=Decimal("0.00"))], IntegrityError, "month_01_is_clv_1m"),
        ([row("12346", clv_12m_p10=Decimal("1560.01"))], IntegrityError, "p10_is_not_above_p90"),
        ([row("12346", p_active_12m=1.01)], IntegrityError, "p_active_12m_is_a_probability"),
        ([row("12346", p_active_12m=float("nan"))], IntegrityError, "p_active_12m_is_a_probability"),
        ([row("12346", p_active_3m=0.3, p_active_6m=0.2)], IntegrityError, "p_active_rises"),
        ([row("12346", status=None)], IntegrityError, "status"),
        ([row("NUL \0 inside")], DataError, "0x00"),
    ],
)
def test_a_row_that_breaks_a_rule_stops_the_publication_and_leaves_the_month_as_it_was(
    database: Database, lake: Lake, rows: list[dict[str, object]], error: type[psycopg2.Error], message: str
) -> None:
    publish_new_run(database, lake, DECEMBER)
    served = seen(database)
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, rows)
    with pytest.raises(error, match=message):
        publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert seen(database) == served
