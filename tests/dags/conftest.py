"""The DAGs as Airflow loads them, and tasks rendered as a worker renders them, without a scheduler or a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

DAGS = Path(__file__).parents[2] / "dags"

PLAN = {
    "run_id": 17,
    "month": "2011-11",
    "as_of": "2011-12-01",
    "months": {"transactions": "2011-10,2011-11", "products": "2011-11"},
    "note": "Month 2011-11",
    "value_basis": "net_revenue",
    "model": "as_of",
    "ends": False,
    "force": False,
    "is_small": True,
}
RESULTS = {
    "plan.plan": PLAN,
    "retrain.train": {"model_version": 4},
    "retrain.promote": {"model_version": 3},
    "retrain.train_first_month": {"model_version": None},
}


@pytest.fixture(scope="session")
def dag_bag(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        patch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        yield load_dag_bag()


def load_dag_bag() -> Any:
    from airflow.dag_processing.dagbag import BundleDagBag

    return BundleDagBag(dag_folder=DAGS, bundle_path=DAGS)


@pytest.fixture(scope="session")
def dag(dag_bag: Any) -> Any:
    return dag_bag.dags["clv_monthly"]


Render = Callable[..., Any]


@pytest.fixture
def results() -> dict[str, Any]:
    """The XComs of the upstream tasks."""
    return dict(RESULTS)


@pytest.fixture
def render(dag: Any, results: dict[str, Any]) -> Render:
    """Render a task as a worker does before executing it: `render(task_id, run_type, logical_date, **conf)`."""
    return renderer(dag, results)


@pytest.fixture
def render_rollback(dag_bag: Any) -> Render:
    """Render a task of clv_rollback."""
    return renderer(dag_bag.dags["clv_rollback"], {})


def renderer(dag: Any, results: dict[str, Any]) -> Render:
    from airflow.sdk.api.datamodels._generated import DagRun, DagRunState, DagRunType, TIRunContext
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    class Instance(RuntimeTaskInstance):
        def xcom_pull(self, task_ids: Any = None, **_: Any) -> Any:
            return results[task_ids]

    def rendered(task_id: str, run_type: str = "manual", logical_date: datetime | None = None, **conf: Any) -> Any:
        run = DagRun(
            dag_id=dag.dag_id,
            run_id=f"{run_type}__2011-12-05T00:00:00+00:00",
            logical_date=logical_date,
            data_interval_start=logical_date,
            data_interval_end=logical_date,
            run_after=datetime(2011, 12, 5, tzinfo=UTC),
            start_date=datetime(2011, 12, 5, tzinfo=UTC),
            end_date=None,
            run_type=DagRunType(run_type),
            state=DagRunState.RUNNING,
            conf=conf,
            consumed_asset_events=[],
            partition_key=None,
            triggering_user_name="O'Hara",
        )
        # Airflow resolves parameters in place, so a run with a conf gets its own copy of the DAG.
        own = load_dag_bag().dags[dag.dag_id] if conf else dag
        task = own.get_task(task_id).prepare_for_execution()
        instance = Instance.model_construct(
            id=uuid4(),
            task_id=task_id,
            dag_id=dag.dag_id,
            run_id=run.run_id,
            try_number=1,
            map_index=-1,
            task=task,
            start_date=run.start_date,
        )
        instance._ti_context_from_server = TIRunContext(dag_run=run, max_tries=0)
        task.render_template_fields(instance.get_template_context())
        return task

    return rendered
