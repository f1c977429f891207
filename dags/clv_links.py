"""Links from a task's page in Airflow to what the task made.

Airflow shows no link where a task has no address for it.
"""

import os
from typing import Any
from urllib.parse import quote

from airflow.sdk import DAG, BaseOperatorLink
from clv_tasks import MARGIN_DAG


class ModelVersionLink(BaseOperatorLink):
    """The page in MLflow of the version that a task names in its XCom.

    The address is that of CLV_MLFLOW_URL, for a browser; where it is not set, that which the jobs use.
    """

    name = "Model version in MLflow"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address; the experiments of MLflow where the task named no version."""
        url = (os.environ.get("CLV_MLFLOW_URL") or os.environ["MLFLOW_TRACKING_URI"]).rstrip("/")
        result = ti_key.xcom_pull(task_ids=operator.task_id) or {}
        if not result.get("model_version"):
            return url
        return f"{url}/#/models/{quote(result['model_name'])}/versions/{result['model_version']}"


class DataDocsLink(BaseOperatorLink):
    """The results of all validations in a value basis, the newest first."""

    name = "Data Docs"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address; empty where reports are not served."""
        return _page(f"reports/{'margin/' if operator.dag_id == MARGIN_DAG else ''}data_docs/index.html")


class MonthPageLink(BaseOperatorLink):
    """The page of the month that a run wrote."""

    name = "Page of the month"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address; empty where reports are not served."""
        plan = ti_key.xcom_pull(task_ids="plan.plan") or {}
        return _page(f"reports/months/{plan['month']}/run-{plan['run_id']}.html") if plan else ""


class DashboardLink(BaseOperatorLink):
    """The dashboard."""

    name = "Dashboard"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address of the page that leads to it; empty where there is no dashboard."""
        return _page("dashboard") if os.environ.get("CLV_DASHBOARD_URL") else ""


def add_links(dag: DAG) -> None:
    """Let the tasks of a monthly run link to what they made; the page of the month and the dashboard show revenue."""
    is_of_revenue = dag.dag_id != MARGIN_DAG
    for task in dag.tasks:
        if task.task_id in ("retrain.train", "retrain.promote"):
            task.operator_extra_links = [ModelVersionLink()]
        elif task.task_id in ("ingest", "build_features", "score"):
            task.operator_extra_links = [DataDocsLink()]
        elif task.task_id == "publish.report" and is_of_revenue:
            task.operator_extra_links = [MonthPageLink(), DashboardLink()]
        elif task.task_id.startswith("publish.") and is_of_revenue:
            task.operator_extra_links = [DashboardLink()]


def _page(path: str) -> str:
    """The address of a page of `plugins/clv_pages.py`; empty where CLV_PAGES_URL does not say where it is."""
    url = os.environ.get("CLV_PAGES_URL", "").rstrip("/")
    return f"{url}/{path}" if url else ""
