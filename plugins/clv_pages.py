"""Pages that tasks link to, in Airflow's web server: the folder of reports, and the way to the dashboard.

`/clv/reports/` shows the Data Docs and the pages of the month to whoever may read the logs of tasks. `/clv/dashboard`
leads to the address in CLV_DASHBOARD_URL, and says what to do while nothing answers there.
"""

import os
from html import escape
from pathlib import Path
from string import Template

from airflow.plugins_manager import AirflowPlugin
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_SANDBOX = "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox"
"""Reports quote the shop's data: their scripts run apart from Airflow, and cannot use the session of who reads them."""
_ASSETS = (".css", ".ico", ".js")
"""Endings of files that hold no data. A page in the sandbox loads them without the session."""


class Reports(StaticFiles):
    """The files of a folder, for whoever may read the logs of tasks."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file; 401 or 403 for whoever may not read it."""
        if not path.endswith(_ASSETS):
            await _only_readers(Request(scope))
        response = await super().get_response(path, scope)
        response.headers["Content-Security-Policy"] = _SANDBOX
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


async def dashboard(_: Request) -> Response:
    """A page that opens the dashboard once it answers; 404 where there is none."""
    url = os.environ.get("CLV_DASHBOARD_URL")
    if not url:
        raise HTTPException(404, "CLV_DASHBOARD_URL is not set")
    page = Template(Path(__file__).with_name("clv_dashboard.html").read_text(encoding="utf-8"))
    return HTMLResponse(page.substitute(url=escape(url)))


def pages() -> Starlette:
    """The application below `/clv`."""
    reports = Reports(directory=os.environ.get("CLV_REPORTS", "reports"), html=True, check_dir=False)
    return Starlette(routes=[Route("/dashboard", dashboard), Mount("/reports", reports)])


async def _only_readers(request: Request) -> None:
    # Every process of Airflow loads this module, and only the web server needs these.
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
    from airflow.api_fastapi.core_api.security import resolve_user_from_token

    user = await resolve_user_from_token(request.cookies.get(COOKIE_NAME_JWT_TOKEN))
    logs = DagAccessEntity.TASK_LOGS
    if not get_auth_manager().is_authorized_dag(method="GET", access_entity=logs, user=user):
        raise HTTPException(403)


class ClvPages(AirflowPlugin):
    """Adds the pages to Airflow's web server."""

    name = "clv_pages"
    fastapi_apps = [{"app": pages(), "url_prefix": "/clv", "name": "CLV reports and dashboard"}]  # noqa: RUF012
