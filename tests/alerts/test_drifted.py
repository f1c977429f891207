"""People are told of a month that has drifted, and of no other; whatever goes wrong, the task has succeeded."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alerts.receivers import Webhook, serving
from tests.alerts.test_alert import RUN, connect, instance, surroundings

__all__ = ["surroundings"]

REASON = "2 of 90 distributions differ from the months of the training: mix status (PSI 0.40), input x (PSI 0.30)"


def tell(dag: Any, reason: str) -> None:
    from clv_alerts import alert_drifted

    task = dag.get_task("publish.measure_drift")
    assert task.on_success_callback == [alert_drifted]
    alert_drifted({"ti": instance(task, {"month": "2011-11", "reason": reason})})


def test_people_are_told_of_a_month_that_has_drifted_and_of_no_other(dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Webhook()) as webhook:
        connect(monkeypatch, host=webhook.url)
        tell(dag, "")
        tell(dag, REASON)
    [(_, body)] = webhook.received
    assert (body["event"], body["task"], body["month"]) == ("drifted", "publish.measure_drift", "2011-11")
    assert (body["dag_run_id"], body["reason"]) == (RUN, REASON)
    headline = "CLV 2011-11: published, but it differs from the months that the model was trained on"
    assert body["text"].splitlines() == [headline, REASON, body["link"]]


def test_an_alert_that_cannot_be_sent_is_a_line_in_the_log(
    dag: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(Webhook(status=500)) as webhook:
        connect(monkeypatch, host=webhook.url)
        tell(dag, REASON)
    assert "No alert was sent: " in caplog.text
