"""Runs of a month: planned, started and followed through Airflow."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Header, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from jobs.service.access import Caller
from jobs.service.airflow import Airflow, RunExistsError
from jobs.service.context import Context, InContext
from jobs.service.database import row, rows, snapshot
from jobs.service.keyed_route import KeyedRoute
from jobs.service.keys import OPERATE
from jobs.service.problems import Problem, documented, unavailable

DagRunId = Annotated[
    str,
    Path(
        description="As POST /v1/runs returned it",
        # Not of dots alone: `..` would lead to another path of Airflow.
        pattern=r"^\.*[A-Za-z0-9_~:+-][A-Za-z0-9_.~:+-]*$",
        max_length=250,
        examples=["api__nightly__december"],
    ),
]

_QUOTE = '"'


class RunRequest(BaseModel):
    """The parameters of `clv_monthly`. What is left out has the DAG's default; an unknown parameter is refused."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"example": {"month": "2011-11", "dry_run": True}}
    )

    month: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="The data month, YYYY-MM")
    model: Literal["as_of", "champion"] = Field("as_of", description="champion: score with it; train nothing")
    restate: Literal["refuse", "accept"] = Field("refuse", description="What to do about months changed at the source")
    force: bool = Field(False, description="Compute everything again, even what is current")
    dry_run: bool = Field(False, description="Stop after the plan, which is in the note of the run")


class StartedRun(BaseModel):
    """A run that Airflow has accepted."""

    dag_run_id: str = Field(description="Names the key that started it", examples=["api__nightly__december"])
    state: str = Field(examples=["queued"])
    conf: dict[str, Any] = Field(description="The parameters that were given", examples=[{"month": "2011-11"}])
    queued_at: datetime | None


class Failure(BaseModel):
    """An attempt at a task that failed."""

    task: str = Field(examples=["plan.plan"])
    attempt: int = Field(examples=[1])
    reason: str
    failed_at: datetime
    was_refused: bool = Field(description="Whether the input was refused, which is not retried")


class PlannedRun(BaseModel):
    """What clv.runs says of a run."""

    run_id: int = Field(examples=[17])
    status: str = Field(description="As in clv.runs", examples=["published"])
    data_month: str = Field(examples=["2011-11"])
    model_version: int | None
    forecast_rows: int | None
    published_at: datetime | None


class Run(StartedRun):
    """How a run goes."""

    started_at: datetime | None
    ended_at: datetime | None
    note: str | None = Field(description="What the run plans, and what failed")
    dag_is_paused: bool = Field(
        description="Whether clv_monthly is paused: its runs wait until an operator unpauses it"
    )
    tasks: dict[str, str | None] = Field(description="The state of each task; null: it waits")
    planned: PlannedRun | None = Field(description="null: not planned yet")
    failures: list[Failure] = Field(description="The newest first")


class _OperateRoute(KeyedRoute):
    scope = OPERATE


router = APIRouter(tags=["runs"], route_class=_OperateRoute)


@router.post("/v1/runs", status_code=201, summary="Plan or start a month", responses=documented(400, 408, 413))
def start_run(
    request: RunRequest,
    context: InContext,
    key: Caller,
    response: Response,
    idempotency_key: Annotated[
        str | None,
        Header(
            pattern=r'^("[A-Za-z0-9-]{1,64}"|[A-Za-z0-9-]{1,64})$',
            description="A second request with it and the same body starts nothing and gets the first answer again",
        ),
    ] = None,
) -> StartedRun:
    """Start a run of `clv_monthly`: with `dry_run` it ends with its plan. The run's id records the key's name."""
    airflow = _airflow(context)
    dag_run_id = f"api__{key.name}__{idempotency_key.strip(_QUOTE) if idempotency_key else uuid4().hex}"
    conf = request.model_dump(exclude_unset=True)
    try:
        run = airflow.start(dag_run_id, conf, f"Started through the API with the key {key.name}")
    except RunExistsError:
        run = _started_before(airflow, dag_run_id, conf)
    response.headers["Location"] = f"/v1/runs/{dag_run_id}"
    return StartedRun.model_validate(_started(run))


@router.get("/v1/runs/{dag_run_id}", summary="How a run goes")
def follow_run(dag_run_id: DagRunId, context: InContext, _: Caller) -> Run:
    """The state of a run and of its tasks, what it plans, what failed, and whether readers see its forecast."""
    airflow = _airflow(context)
    run = airflow.run(dag_run_id)
    if run is None:
        raise Problem(
            404,
            "unknown-run",
            "Airflow has no such run of clv_monthly.",
            remedy="Use the dag_run_id that POST /v1/runs returned.",
            errors=[("path.dag_run_id", "the id of a run")],
        )
    plan = airflow.plan(dag_run_id)
    with snapshot(context.database) as connection:
        planned = row(connection, "run_status", run_id=plan["run_id"]) if plan else None
        failures = rows(connection, "failures_of_dag_run", dag_run_id=dag_run_id)
    return Run.model_validate(
        _started(run)
        | {
            "started_at": run.get("start_date"),
            "ended_at": run.get("end_date"),
            "note": run.get("note"),
            "dag_is_paused": airflow.is_paused(),
            "tasks": airflow.tasks(dag_run_id),
            "planned": planned,
            "failures": failures,
        }
    )


def _started_before(airflow: Airflow, dag_run_id: str, conf: dict[str, Any]) -> dict[str, Any]:
    """The run that an Idempotency-Key has started, as it was answered then; a problem if its body was another."""
    run = airflow.run(dag_run_id)
    if run is None:
        raise unavailable("The run of this Idempotency-Key was deleted from Airflow meanwhile.")
    if run["conf"] != conf:
        raise Problem(
            422,
            "idempotency-key-reused",
            "This Idempotency-Key came with another body before. Nothing was started.",
            remedy="Send the first body again, or use another Idempotency-Key for another run.",
            errors=[("header.idempotency-key", "one that came with no other body")],
        )
    return run | {"state": "queued"}


def _started(run: dict[str, Any]) -> dict[str, Any]:
    return {name: run.get(name) for name in ("dag_run_id", "state", "conf")} | {"queued_at": run.get("queued_at")}


def _airflow(context: Context) -> Airflow:
    if context.airflow is None:
        raise Problem(
            503,
            "unavailable",
            "This service starts no runs: no Airflow is configured.",
            remedy="Ask the operator to set CLV_AIRFLOW_URL, CLV_AIRFLOW_USER and CLV_AIRFLOW_PASSWORD.",
        )
    return context.airflow
