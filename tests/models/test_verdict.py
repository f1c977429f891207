"""Runs that ask for today's champion: it forecasts their month, and nothing else moves."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

import pytest

from jobs import promote, train
from jobs.lake.lake import Lake
from jobs.models.registry import Registry
from jobs.models.verdict import NoChampionError
from tests.conftest import Database
from tests.forecasts import plan, publish_new_run
from tests.models.versions import decisions
from tests.test_choose_champion import register, training  # noqa: F401 - fixtures

OCTOBER, DECEMBER = date(2011, 10, 1), date(2011, 12, 1)

pytestmark = pytest.mark.usefixtures("environment")

Forecast = Callable[..., dict[str, object]]


@pytest.fixture
def forecast(database: Database, capsys: pytest.CaptureFixture[str]) -> Forecast:
    """Goes through retrain of a run that asked for the champion; what `promote` printed."""

    def decided(as_of: date, run_id: int) -> dict[str, object]:
        run = ["--as-of", str(as_of), "--run-id", str(run_id), "--model", "champion"]
        train.main(run)
        number = json.loads(capsys.readouterr().out.splitlines()[-1])["model_version"]
        promote.main([*run, "--model-version", str(number)])
        printed: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return printed

    return decided


def test_it_forecasts_an_old_month_and_the_decision_says_what_it_had_seen(
    registry: Registry,
    register: Callable[[date], int],  # noqa: F811
    forecast: Forecast,
    database: Database,
    lake: Lake,
) -> None:
    champion = register(DECEMBER)
    registry.alias("champion", champion)
    publish_new_run(database, lake, DECEMBER)
    tags, run_id = registry.version(champion).tags, plan(database.writer, OCTOBER, model_choice="champion")

    printed = forecast(OCTOBER, run_id)

    assert (printed["model_version"], printed["decision"]) == (champion, "todays_champion")
    assert (registry.aliased("champion"), registry.aliased("challenger")) == (champion, None)
    assert registry.version(champion).tags == tags
    assert decisions(database) == [
        {
            "run_id": run_id,
            "as_of": DECEMBER,
            "model_version": champion,
            "decision": "todays_champion",
            "forecast_by": champion,
            "champion_before": champion,
            "champion_after": champion,
            "reasons": f"the run asked for the champion; version {champion} was trained as of 2011-12-01, after "
            "2011-10-01: its training data hold months that it forecasts: its accuracy is not out-of-sample",
            "decided_by": "run parameter",
            "model_name": "clv",
        }
    ]


def test_a_run_that_is_cleared_keeps_the_champion_of_its_day(
    registry: Registry,
    register: Callable[[date], int],  # noqa: F811
    forecast: Forecast,
    database: Database,
) -> None:
    champion, next_one = register(OCTOBER), register(DECEMBER)
    registry.alias("champion", champion)
    run_id = plan(database.writer, DECEMBER, model_choice="champion")
    assert forecast(DECEMBER, run_id)["model_version"] == champion
    registry.alias("champion", next_one)
    assert forecast(DECEMBER, run_id)["model_version"] == champion
    assert forecast(DECEMBER, plan(database.writer, DECEMBER, model_choice="champion"))["model_version"] == next_one


def test_without_a_champion_the_run_is_refused(
    register: Callable[[date], int],  # noqa: F811
    forecast: Forecast,
    database: Database,
) -> None:
    register(DECEMBER)
    with pytest.raises(NoChampionError, match="model=as_of"):
        forecast(DECEMBER, plan(database.writer, DECEMBER, model_choice="champion"))
    assert decisions(database) == []
