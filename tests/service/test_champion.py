"""Which model is live, since when, and how it was judged."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jobs.core.postgres import execute, fetch
from jobs.lake.lake import Lake
from tests.conftest import Database
from tests.forecasts import DECEMBER, publish_new_run, seen
from tests.service.running import Service, make_champion, serving


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
            "reasons": ["WAPE 0.61 against 0.64 of version 2", "it is not biased"],
            "decided_by": "gate",
        },
        "last_forecast": "2011-11",
    }


def test_a_version_that_waits_for_its_month_is_not_live_yet(database: Database, tmp_path: Path) -> None:
    run_id = publish_new_run(database, Lake(tmp_path / "lake"), DECEMBER)
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


def test_a_choice_by_hand_takes_the_place_of_the_gates(database: Database, tmp_path: Path) -> None:
    run_id = publish_new_run(database, Lake(tmp_path / "lake"), DECEMBER)
    make_champion(database, run_id, 3)
    chosen = {"decision": "chosen", "reasons": ["4 overrates"], "decided_by": "Ada", "model_name": "clv"}
    versions = {"model_version": 2, "forecast_by": None, "champion_before": 3, "champion_after": 2}
    [decision] = fetch(database.writer, "record_decision", run_id=None, as_of=DECEMBER, **chosen, **versions)
    execute(database.writer, "record_effect", decision_id=decision["decision_id"])
    with serving(database) as service:
        live = champion(service, service.key("reader", "read"))
    assert (live["version"], live["judged"]["decided_by"], live["judged"]["decision"]) == (2, "Ada", "chosen")
