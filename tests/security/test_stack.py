"""A started stack: where it listens, what it keeps secret, and a run that fails on it, reported to a webhook."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jobs.local_stack import postgres_server
from jobs.local_stack.airflow_config import secrets_of
from jobs.local_stack.home import shop_home
from jobs.local_stack.stack import Stack, down, up
from jobs.local_stack.start import DAG
from tests.alerts.receivers import Webhook, serving
from tests.security.kept import files, tables
from tests.stacks import command_line, marked

pytestmark = pytest.mark.slow

DEADLINE_SECONDS = 300
WEBHOOK_SECRET = "T0-B0-s3cr3t-of-the-webhook"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    state = tmp_path_factory.mktemp("state")
    home = shop_home(None, None, state=state)
    home.landing.mkdir(parents=True)
    environ = {name: value for name, value in os.environ.items() if name not in ("AIRFLOW_PORT", "MLFLOW_PORT")}
    try:
        yield up(home, environ)
    finally:
        down(state)


@pytest.fixture(scope="module")
def failed_run(stack: Stack) -> tuple[list[str], Webhook]:
    """Command lines of a run that fails because its delivery is missing, and the webhook that received its report."""
    api, commands = stack.api(), set()
    with serving(Webhook()) as webhook:
        alerts = {"connection_id": "clv_alerts", "conn_type": "generic", "host": webhook.url}
        api.post("/connections", alerts | {"password": WEBHOOK_SECRET})
        api.patch(f"/dags/{DAG}", {"is_paused": False})
        run = api.post(f"/dags/{DAG}/dagRuns", {"logical_date": None, "conf": {"month": "2011-11"}})
        deadline = time.monotonic() + DEADLINE_SECONDS
        path = f"/dags/{DAG}/dagRuns/{run['dag_run_id']}"
        while api.get(path)["state"] in ("queued", "running") and time.monotonic() < deadline:
            commands |= {command_line(process) for process in processes(stack)}
    return sorted(commands), webhook


def addresses(process: psutil.Process) -> set[str]:
    """What a process listens on; nothing, once it has ended."""
    try:
        actual = process.net_connections(kind="inet")
    except psutil.Error:
        return set()
    return {connection.laddr.ip for connection in actual if connection.status == psutil.CONN_LISTEN}


def processes(stack: Stack) -> list[psutil.Process]:
    """The processes of the stack."""
    postgres = postgres_server.server_process(stack.home.folder / "postgres")
    return [*marked(stack), *([postgres] if postgres else [])]


def secret_values(stack: Stack) -> dict[str, str]:
    return {**secrets_of(stack.home.folder), "webhook": WEBHOOK_SECRET}


def test_every_server_listens_on_the_loopback_interface_alone(stack: Stack) -> None:
    listening = set().union(*(addresses(process) for process in processes(stack)))
    assert "127.0.0.1" in listening
    # a JVM's sockets are of both kinds: the second is the first, as the other kind writes it
    assert listening <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_a_run_that_failed_is_reported_once_with_its_reason(
    stack: Stack, failed_run: tuple[list[str], Webhook]
) -> None:
    [(path, body)] = failed_run[1].received
    assert path == f"/{WEBHOOK_SECRET}"
    assert (body["task"], body["month"]) == ("plan.plan", "2011-11")
    assert body["reason"].endswith("(exit code 65)")
    assert str(stack.home.landing) in body["reason"]
    assert body["link"].startswith(f"{stack.airflow_url}/dags/{DAG}/runs/")


def test_no_secret_stands_in_a_command_line(stack: Stack, failed_run: tuple[list[str], Webhook]) -> None:
    assert any("jobs.plan" in command for command in failed_run[0])
    assert [
        name for name, value in secret_values(stack).items() if any(value in command for command in failed_run[0])
    ] == []


def test_files_that_hold_a_secret_are_their_owner_s_alone_and_no_log_or_table_does(
    stack: Stack, failed_run: tuple[list[str], Webhook]
) -> None:
    kept = files(stack) | tables(stack)
    values = [value.encode() for value in secret_values(stack).values()]
    holding = {name for name, content in kept.items() if any(value in content for value in values)}
    assert {Path(name).name for name in holding} == {"secrets.json", "passwords.json", "airflow.cfg"}
    assert {stat.S_IMODE(Path(name).stat().st_mode) for name in holding} == {0o600}
