"""Reports in Airflow's web server: for whoever may read the logs of tasks, and apart from the reader's session."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from tests.conftest import ROOT

# Airflow's web server imports it.
pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient` is deprecated")

PAGE = "data_docs/index.html"


class Manager:
    """Lets a user of that name read."""

    def is_authorized_dag(self, *, user: str, **_: Any) -> bool:
        return user == "reader"


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Starlette:
    """The pages as the web server mounts them, over a folder of reports; a session is the name of its user."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    monkeypatch.syspath_prepend(str(ROOT / "plugins"))
    monkeypatch.setenv("CLV_REPORTS", str(tmp_path / "reports"))
    from airflow.api_fastapi import app
    from airflow.api_fastapi.core_api import security
    from clv_pages import pages

    async def user_of(session: str | None) -> str:
        if session is None:
            raise HTTPException(401)
        return session

    monkeypatch.setattr(security, "resolve_user_from_token", user_of)
    monkeypatch.setattr(app, "get_auth_manager", Manager)
    for name in (PAGE, "data_docs/static/offline/jquery.min.js"):
        path = tmp_path / "reports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a report", encoding="utf-8")
    (tmp_path / "secrets.json").write_text("secret", encoding="utf-8")
    return pages()


def get(web: Starlette, path: str, session: str | None = None) -> httpx.Response:
    async def asked() -> httpx.Response:
        cookies = {"_token": session} if session else {}
        transport = httpx.ASGITransport(web)
        async with httpx.AsyncClient(transport=transport, base_url="http://airflow", cookies=cookies) as client:
            return await client.get(path)

    return asyncio.run(asked())


def test_a_report_is_for_whoever_may_read_the_logs(web: Starlette) -> None:
    assert get(web, f"/reports/{PAGE}").status_code == 401
    assert get(web, f"/reports/{PAGE}", "stranger").status_code == 403
    answer = get(web, f"/reports/{PAGE}", "reader")
    assert (answer.status_code, answer.text) == (200, "a report")
    assert answer.headers["content-security-policy"].startswith("sandbox allow-scripts ")
    assert "allow-same-origin" not in answer.headers["content-security-policy"]
    assert get(web, "/reports/data_docs/", "reader").text == "a report"


def test_a_page_in_the_sandbox_loads_its_scripts_without_the_session(web: Starlette) -> None:
    assert get(web, "/reports/data_docs/static/offline/jquery.min.js").status_code == 200


@pytest.mark.parametrize(
    "path", ["../secrets.json", "%2e%2e/secrets.json", "data_docs/../../secrets.json", "none.html"]
)
def test_nothing_outside_the_folder_is_shown(web: Starlette, path: str) -> None:
    assert get(web, f"/reports/{path}", "reader").status_code == 404


def test_the_way_to_the_dashboard_names_its_address_and_what_starts_it(
    web: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLV_DASHBOARD_URL", raising=False)
    assert get(web, "/dashboard").status_code == 404
    monkeypatch.setenv("CLV_DASHBOARD_URL", 'http://127.0.0.1:8088/?a="b"')
    page = get(web, "/dashboard").text
    assert page.count("http://127.0.0.1:8088/?a=&quot;b&quot;") == 2
    assert "<code>make dashboard</code>" in page
