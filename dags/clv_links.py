"""Links from a task's page in Airflow to what the task made."""

import os
from typing import Any
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink


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
