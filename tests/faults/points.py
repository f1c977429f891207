"""Where a month is struck: every point of every stage that something can be killed at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """A point of a stage, and what happens there.

    Attributes:
        stage: the task, as in `month.STAGES`.
        at: module:function that is struck.
        strike: see `injection/sitecustomize.py`; `kill_mlflow` and `kill_postgres` kill those servers.
        when: before or after the function.
        call: which call of it.
        text: what its arguments contain, where not every call counts.
    """

    stage: str
    at: str
    strike: str = "kill_self"
    when: str = "before"
    call: int = 1
    text: str = ""

    def __str__(self) -> str:
        where = self.at.partition(":")[2] + (f"[{self.text}]" if self.text else "")
        return f"{self.stage}: {self.strike} {self.when} {where}" + (f" #{self.call}" if self.call > 1 else "")


STATEMENT, COMMIT = "jobs.core.postgres:statement", "sqlalchemy.engine.default:DefaultDialect.do_commit"
LAKE_COMMIT, WRITE = "jobs.lake.commits:_make", "jobs.lake.frames:write_periods"
VALIDATE = "jobs.quality.runner:run_checks"
REGISTER = "mlflow.tracking._model_registry.client:ModelRegistryClient.create_model_version"


def sql(stage: str, query: str, strike: str = "kill_self") -> Point:
    """Before a statement of `sql/queries/`."""
    return Point(stage, STATEMENT, strike, text=f"'{query}'")


PLAN = (
    sql("plan", "plan_run"),
    sql("plan", "plan_run", "kill_postgres"),
    sql("plan", "record_task"),
    Point("plan", LAKE_COMMIT, call=3),
    Point("plan", LAKE_COMMIT, when="after", call=3),
    Point("plan", LAKE_COMMIT, "fill_own_disk"),
)
INGEST = (
    Point("ingest", "jobs.landing.spark_reader:delivered_rows"),
    Point("ingest", WRITE),
    Point("ingest", WRITE, "kill_jvm"),
    Point("ingest", WRITE, "fill_disk"),
    Point("ingest", LAKE_COMMIT),
    Point("ingest", LAKE_COMMIT, when="after"),
    Point("ingest", LAKE_COMMIT, "fill_own_disk"),
    Point("ingest", "jobs.lake.written:written_files", when="after"),
    Point("ingest", VALIDATE),
    Point("ingest", VALIDATE, "kill_jvm"),
    sql("ingest", "record_task"),
    sql("ingest", "record_task", "kill_postgres"),
)
FEATURES = (
    Point("build_features", WRITE),
    Point("build_features", LAKE_COMMIT),
    Point("build_features", LAKE_COMMIT, when="after"),
    Point("build_features", WRITE, "kill_jvm", call=2),
    Point("build_features", LAKE_COMMIT, call=2),
    Point("build_features", "jobs.features.leak_check:check"),
    Point("build_features", VALIDATE),
    sql("build_features", "record_task"),
)
TRAIN = (
    Point("train", "jobs.forecasting.fit:fit", call=3),
    Point("train", "jobs.models.registry:Registry.register"),
    Point("train", "jobs.models.registry:Registry.register", "kill_mlflow"),
    Point("train", REGISTER),
    Point("train", "jobs.models.registry:Registry.register", when="after"),
)
PROMOTE_MODEL = (
    Point("promote", "jobs.models.registry:Registry.fetch", "kill_mlflow"),
    Point("promote", "jobs.models.registry:Registry.alias"),
    Point("promote", "jobs.models.registry:Registry.alias", when="after"),
    Point("promote", "jobs.models.registry:Registry.tag"),
    Point("promote", "jobs.models.registry:Registry.tag", when="after"),
    sql("promote", "record_decision"),
    sql("promote", "record_decision", "kill_postgres"),
    sql("promote", "set_run_model"),
)
SCORE = (
    Point("score", "jobs.forecasting.forecaster:Forecaster.predict"),
    Point("score", WRITE, "kill_jvm"),
    Point("score", WRITE, "fill_disk"),
    Point("score", LAKE_COMMIT, "fill_own_disk"),
    Point("score", LAKE_COMMIT),
    Point("score", LAKE_COMMIT, when="after"),
    sql("score", "set_run_forecast"),
    Point("score", LAKE_COMMIT, call=2),
    Point("score", LAKE_COMMIT, when="after", call=2),
    Point("score", VALIDATE),
)
TRAIN_FIRST_MONTH = (
    Point("train_first_month", "jobs.models.registry:Registry.register", "kill_mlflow"),
    sql("train_first_month", "record_decision"),
    Point("train_first_month", LAKE_COMMIT),
    sql("train_first_month", "set_run_first_month_version", "kill_postgres"),
)
_PUBLISHING = ("begin_load", "copy_forecast", "copy_first_month", "record_load", "publish_load")
PUBLISH = (
    *(
        sql("publish", query, strike)
        for query in _PUBLISHING
        for strike in ("kill_self", "kill_postgres", "cut_connections")
    ),
    Point("publish", COMMIT, call=3),
    Point("publish", COMMIT, "kill_postgres", call=3),
    Point("publish", COMMIT, when="after", call=3),
    Point("publish", COMMIT, "kill_postgres", when="after", call=3),
    sql("publish", "record_task"),
)
SET_CHAMPION = (
    Point("set_champion", "jobs.models.registry:Registry.aliased", "kill_mlflow"),
    Point("set_champion", "jobs.models.registry:Registry.alias"),
    Point("set_champion", "jobs.models.registry:Registry.alias", when="after"),
    sql("set_champion", "record_effect", "kill_postgres"),
    sql("set_champion", "record_task"),
)
MEASURE_ACCURACY = (
    sql("measure_accuracy", "copy_actual"),
    sql("measure_accuracy", "record_actual_month", "kill_postgres"),
    sql("measure_accuracy", "record_task"),
)
BUILD_BRIDGE = (
    sql("build_bridge", "bridge_loads", "kill_postgres"),
    sql("build_bridge", "record_task"),
)
MEASURE_DRIFT = (
    sql("measure_drift", "record_drift"),
    sql("measure_drift", "record_drift", "kill_postgres"),
)
SAMPLE = frozenset(
    {
        sql("plan", "plan_run"),
        Point("ingest", WRITE, "kill_jvm"),
        Point("ingest", VALIDATE),
        Point("build_features", LAKE_COMMIT, call=2),
        Point("train", "jobs.models.registry:Registry.register", "kill_mlflow"),
        sql("promote", "record_decision", "kill_postgres"),
        Point("score", LAKE_COMMIT, when="after"),
        sql("train_first_month", "record_decision"),
        Point("score", LAKE_COMMIT, call=2),
        Point("publish", COMMIT, when="after", call=3),
        Point("set_champion", "jobs.models.registry:Registry.alias", when="after"),
        sql("measure_accuracy", "record_actual_month", "kill_postgres"),
        sql("build_bridge", "bridge_loads", "kill_postgres"),
        sql("measure_drift", "record_drift", "kill_postgres"),
    }
)
"""A part of the points that covers every stage, for every change."""

POINTS = (
    *(*PLAN, *INGEST, *FEATURES, *TRAIN, *PROMOTE_MODEL, *TRAIN_FIRST_MONTH, *SCORE),
    *(*PUBLISH, *SET_CHAMPION, *MEASURE_ACCURACY, *BUILD_BRIDGE, *MEASURE_DRIFT),
)
