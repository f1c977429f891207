"""Whom the gate compares a version with: it depends on the data alone, unless code or a person changed the champion."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from jobs.choose_champion import choose_champion
from jobs.core.month import Month
from jobs.forecasting.forecaster import Forecaster
from jobs.lake.lake import Lake
from jobs.models.promotion import Promotion
from jobs.models.registry import Registry
from jobs.models.training import train
from tests.conftest import Database
from tests.forecasts import plan
from tests.models.versions import AS_OF, EARLIER, HOLDOUT_OF, OLDER, SNAPSHOTS, Gate, Train, aliases
from tests.snapshots import QUICK, TABLE, write_snapshots

pytestmark = pytest.mark.usefixtures("lenient")


def test_it_is_the_version_of_the_month_before_whatever_the_champion_is(
    registry: Registry, trained: Train, gate: Gate
) -> None:
    champion = trained(OLDER)
    gate(registry, champion, as_of=OLDER)
    previous = trained(EARLIER)

    verdict = gate(registry, trained(AS_OF, bad=True), as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("kept_previous", previous)
    described = f"version {previous}, trained as of {EARLIER}"
    assert verdict.reasons[0] == f"the opponent is that of the month before, {described}"
    assert registry.aliased("champion") == previous


@pytest.mark.parametrize("is_bad", [False, True])
def test_a_backfilled_month_is_forecast_by_the_version_that_would_have_forecast_it_in_its_time(
    registry: Registry, trained: Train, gate: Gate, is_bad: bool
) -> None:
    previous = trained(OLDER)
    number = trained(EARLIER, bad=is_bad)
    in_its_time = gate(registry, number, as_of=EARLIER).model_version
    newest = trained(AS_OF)
    gate(registry, newest, as_of=AS_OF)

    backfilled = gate(registry, trained(EARLIER, bad=is_bad), as_of=EARLIER, newest_published=AS_OF)

    assert in_its_time == (previous if is_bad else number)
    assert backfilled.decision == ("kept_previous" if is_bad else "backfill")
    assert backfilled.reasons[0] == f"month {Month.before(AS_OF)} is already published"
    assert backfilled.model_version == (previous if is_bad else number + 2)
    assert registry.aliased("champion") == newest


def test_it_is_a_champion_of_other_code(registry: Registry, trained: Train, gate: Gate) -> None:
    champion = trained(OLDER, code="other")
    gate(registry, champion, as_of=OLDER)
    trained(EARLIER)

    verdict = gate(registry, trained(AS_OF, bad=True), as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("kept_champion", champion)
    assert verdict.reasons[0] == f"the opponent is the champion, version {champion}, trained as of {OLDER}"


def test_it_is_a_champion_that_a_person_chose_until_a_version_replaces_it(
    registry: Registry, trained: Train, gate: Gate
) -> None:
    chosen, previous = trained(OLDER), trained(EARLIER)
    gate(registry, previous, as_of=EARLIER)
    choose_champion(registry, chosen, by="Ada Lovelace", because="the newer one overrates new customers")

    worse, good = trained(AS_OF, bad=True), trained(AS_OF)

    assert gate(registry, worse, as_of=AS_OF).model_version == chosen
    assert gate(registry, good, as_of=AS_OF).decision == "promoted"
    worse = trained(AS_OF, bad=True)
    assert gate(registry, worse, as_of=AS_OF).decision == "kept_previous"


def test_the_champion_does_not_depend_on_which_month_was_run_first(
    registry: Registry, trained: Train, gate: Gate
) -> None:
    previous = trained(EARLIER)

    verdict = gate(registry, trained(AS_OF, bad=True), as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("kept_previous", previous)
    assert registry.aliased("champion") == previous


def test_a_version_that_fails_forecasts_where_that_of_the_month_before_fails_too(
    registry: Registry, trained: Train, gate: Gate, fitted: Mapping[date, Forecaster]
) -> None:
    equally_bad = fitted[HOLDOUT_OF[EARLIER]]
    trained(EARLIER, bad=True, holdout_model=equally_bad)
    number = trained(AS_OF, bad=True, holdout_model=equally_bad)

    verdict = gate(registry, number, as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("not_promoted", number)
    assert registry.aliased("champion") is None


def test_the_version_of_the_month_before_is_trained_where_there_is_none_and_is_the_one_of_its_own_month(
    registry: Registry, lake: Lake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_snapshots(lake, SNAPSHOTS)
    monkeypatch.setattr("jobs.models.promotion.params_of", lambda *_, **__: QUICK)
    promotion = Promotion(registry=registry, lake=lake, table=TABLE, value_basis="net_revenue")

    def trained_as_of(as_of: date) -> int:
        return train(lake, TABLE, registry, as_of=as_of, params=QUICK)

    number = trained_as_of(AS_OF)
    verdict = promotion.gate(number, as_of=AS_OF, run_id=plan(database.writer, AS_OF))

    assert verdict.decision == "first"
    assert aliases(registry) == (number, None)
    previous = trained_as_of(Month.before(AS_OF).first_day)
    assert previous == number + 1
    assert (
        verdict.reasons[0] == f"the opponent is that of the month before, version {previous}, trained as of {EARLIER}"
    )
