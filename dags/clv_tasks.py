"""How a task of this folder's DAGs runs a job: the command lines, their time limits, what is tried again, what waits.

Nothing of `jobs/` is imported: a DAG and a job meet at a command line.
"""

import os
import re
import shlex
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import BaseSensorOperator
from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy
from airflow.sdk.exceptions import AirflowException, AirflowSensorTimeout

REPOSITORY = Path(__file__).resolve().parents[1]
# Modules are found from anywhere, and a job's own folder does not hide a library behind a module's name.
ENVIRONMENT = {"PYTHONPATH": str(REPOSITORY), "PYTHONSAFEPATH": "1"}

DRIVER_MEMORY = "3g"
SPARK_POOL = "clv_spark"
"""One slot: the Spark stages of runs that overlap take turns."""
SPARK_CONF = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "WARN",
}

SPARK_TIMEOUT = timedelta(hours=2)
PYTHON_TIMEOUT = timedelta(minutes=30)
TRAINING_TIMEOUT = timedelta(hours=3)

DELIVERY_DEADLINE = timedelta(days=5)
"""How long a scheduled run waits for its month's data."""
DELIVERY_LOOK = timedelta(minutes=15)

_NOT_YET = 75
"""Exit code of `jobs.await_delivery` (EX_TEMPFAIL)."""


def quoted(value: object) -> str:
    """A value as one word for the shell, whatever it holds; None is no word."""
    return "" if value is None else shlex.quote(str(value))


def one_word(argument: str) -> str:
    """An argument; what its template comes to, if it has one, is quoted."""
    return re.sub(r"\{\{ (.*?) \}\}", r"{{ (\1) | quoted }}", argument)


FILTERS = {"quoted": quoted}


class RetryUnlessRefused(RetryPolicy):
    """Bad input does not become good by trying again: a job that refuses it ends with exit code 65 (EX_DATAERR)."""

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """Fail at once where the job has refused its input."""
        if re.search(r"code (is: )?65\.", str(exception)):
            return RetryDecision.fail("the job refused its input: repair it, then clear the task")
        return RetryDecision.default()


def spark_job(module: str, *arguments: str, **options: Any) -> SparkSubmitOperator:
    """A job under Spark: `jobs/<module>.py`, submitted on the connection `spark_default`."""
    return SparkSubmitOperator(
        conn_id="spark_default",
        application=str(REPOSITORY / "jobs" / f"{module}.py"),
        application_args=list(arguments),
        name=f"clv_{module}",
        env_vars=ENVIRONMENT,
        conf=SPARK_CONF,
        driver_memory=DRIVER_MEMORY,
        pool=SPARK_POOL,
        **_merged(options, task_id=module, execution_timeout=SPARK_TIMEOUT),
    )


def python_job(module: str, *arguments: str, **options: Any) -> BashOperator:
    """A job in plain Python. The last line it prints is its XCom."""
    return BashOperator(
        bash_command=" ".join(['exec "${CLV_PYTHON:-python}" -m', f"jobs.{module}", *map(one_word, arguments)]),
        env=ENVIRONMENT,
        append_env=True,
        cwd=str(REPOSITORY),
        **_merged(options, task_id=module),
    )


def _merged(options: dict[str, Any], **defaults: Any) -> dict[str, Any]:
    return defaults | options


class DeliverySensor(BaseSensorOperator):
    """Waits until a scheduled run's data month is delivered in full; the plan of any other run refuses at once.

    It looks, in a process of its own like every job, and lets go of its worker slot until it looks again. That needs
    neither a trigger nor that the triggerer reaches the landing place: `mode="reschedule"` waits at no cost but a row.
    """

    template_fields = ("arguments",)

    def __init__(self, *, arguments: list[str], **options: Any) -> None:
        waiting = _merged(options, mode="reschedule", poke_interval=DELIVERY_LOOK, timeout=DELIVERY_DEADLINE)
        super().__init__(**waiting)
        self.arguments = arguments
        self.told = ""

    def poke(self, context: Any) -> bool:
        """Look once."""
        if context["dag_run"].run_type != "scheduled":
            return True
        command = [os.environ.get("CLV_PYTHON", "python"), "-m", "jobs.await_delivery", *self.arguments]
        looked = subprocess.run(
            command, env=os.environ | ENVIRONMENT, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=False
        )
        self.told = looked.stdout.strip().rpartition("\n")[2]
        self.log.info("%s", self.told)
        if looked.returncode not in (0, _NOT_YET):
            raise AirflowException(f"jobs.await_delivery ended with exit code {looked.returncode}.")
        return looked.returncode == 0

    def execute(self, context: Any) -> None:
        """Wait; raises AirflowSensorTimeout with what is lacking once the deadline has passed."""
        try:
            super().execute(context)
        except AirflowSensorTimeout as error:
            waited = timedelta(seconds=self.timeout)
            raise AirflowSensorTimeout(
                f"The data came too late: after {waited} of waiting, {self.told}. Clear this task once it is "
                "delivered; until then readers keep the month published before."
            ) from error
