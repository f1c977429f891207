"""Which model is live, since when, and how it was judged."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from jobs.core.postgres import execute, fetch
from jobs.lake.lake import Lake
from tests.conftest import Database
from tests.forecasts import DECEMBER, NOVEMBER, publish_new_run, seen
from tests.service.running import REASONS, Service, make_champion, serving

OCTOBER = date(2011, 10, 1)


def champion(service: Service, key: str) -> dict:
    answer = service.get("/v1/models/champion", key)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_whole_answer(service: Service, reader: str) -> None:
    [decision] = seen(service.database, "model_decisions")
    answer = champion(service, reader)
    assert datetime.fromisoformat(answer.pop("since")) == decision["took_effect_at"]
    assert datetime.fromisoformat(answer["judged"].pop("decided_at")) == decision["decided_at"]
    assert answer == {
        "model": "clv",
        "version": 3,
        "trained_on": "2011-11",
        "judged": {
            "decision": "promoted",
            "reasons": REASONS,
            "decided_by": "gate",
        },
        "last_forecast": "2011-11",
    }


def test_a_version_that_waits_for_its_month_is_not_live_yet(database: Database, tmp_path: Path) -> None:
    run_id = publish_new_run(database, Lake(str(tmp_path / "lake")), DECEMBER)
    make_champion(database, run_id, 3)
    waiting = {"decision": "promoted", "reasons": ["better"], "decided_by": "gate", "model_name": "clv"}
    versions = {"model_version": 4, "forecast_by": 4, "champion_before": 3, "champion_after": 4}
    [decision] = fetch(database.writer, "record_decision", run_id=run_id, as_of=DECEMBER, **waiting, **versions)
    with serving(database) as service:
        key = service.key("reader", "read")
        assert champion(service, key)["version"] == 3
        execute(database.writer, "record_effect", decision_id=decision["decision_id"])
        live = champion(service, key)
    assert (live["version"], live["judged"]["reasons"], live["last_forecast"]) == (4, ["better"], None)


def decide(database: Database, decision: str, *, of: int, before: int | None, after: int | None, as_of: date) -> None:
    """Record a decision without a run, which takes effect if the champion changes."""
    said = {"decision": decision, "reasons": [f"{decision} {of}"], "decided_by": "Ada", "model_name": "clv"}
    versions = {"model_version": of, "forecast_by": None, "champion_before": before, "champion_after": after}
    [recorded] = fetch(database.writer, "record_decision", run_id=None, as_of=as_of, **said, **versions)
    if after != before:
        execute(database.writer, "record_effect", decision_id=recorded["decision_id"])


def test_a_choice_by_hand_takes_the_place_of_the_gates(database: Database, tmp_path: Path) -> None:
    run_id = publish_new_run(database, Lake(str(tmp_path / "lake")), DECEMBER)
    make_champion(database, run_id, 3)
    decide(database, "kept_champion", of=2, before=3, after=3, as_of=NOVEMBER)
    decide(database, "chosen", of=2, before=3, after=2, as_of=NOVEMBER)
    with serving(database) as service:
        live = champion(service, service.key("reader", "read"))
    assert (live["version"], live["trained_on"]) == (2, "2011-10")
    assert (live["judged"]["decision"], live["judged"]["reasons"]) == ("chosen", ["chosen 2"])


def test_the_previous_version_is_judged_by_the_decision_that_made_it_the_champion(database: Database) -> None:
    decide(database, "first", of=1, before=None, after=1, as_of=OCTOBER)
    decide(database, "chosen", of=2, before=1, after=2, as_of=NOVEMBER)
    decide(database, "kept_previous", of=3, before=2, after=1, as_of=DECEMBER)
    decide(database, "kept_champion", of=4, before=1, after=1, as_of=DECEMBER)
    with serving(database) as service:
        live = champion(service, service.key("reader", "read"))
    [kept] = [made for made in seen(database, "model_decisions") if made["decision"] == "kept_previous"]
    assert (live["version"], live["trained_on"]) == (1, "2011-09")
    assert datetime.fromisoformat(live["since"]) == kept["took_effect_at"]
    assert (live["judged"]["decision"], live["judged"]["reasons"]) == ("kept_previous", ["kept_previous 3"])


def test_a_champion_that_no_decision_made_is_not_judged(database: Database) -> None:
    decide(database, "kept_champion", of=4, before=7, after=7, as_of=DECEMBER)
    with serving(database) as service:
        live = champion(service, service.key("reader", "read"))
    assert (live["version"], live["judged"], live["since"], live["trained_on"]) == (7, None, None, None)
