"""Plan a run: which month it is for, what has to be read, and what its publication would replace.

    python -m jobs.plan --run-type manual --logical-date "" --month 2011-11 --dag-run-id manual__2011-12-01 \
        --horizon 12 --segment all --value-basis net_revenue

The last line on stdout is the plan as a JSON object: the other tasks take the month and the run's number from it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, RowMapping

from jobs.feature_table import features
from jobs.lake import Lake
from jobs.landing import TABLES, Delivery, deliveries
from jobs.month import HORIZON_MONTHS, Month, MonthRefusedError, resolve_month
from jobs.postgres import engine, fetch
from jobs.provenance import code_version
from jobs.run_parameters import HORIZONS, RunParameters
from jobs.segment import ALL, parse
from jobs.settings import Settings
from jobs.sources import load
from jobs.tables import SESSIONS, TRANSACTIONS, Table
from jobs.task import recorded, run_as_program
from jobs.value_basis import NET_REVENUE, add_value_basis

_EVENTS = {"transactions": TRANSACTIONS, "sessions": SESSIONS}
"""The tables with times: the others are read as they stand in the data month."""

_LONGEST_NOTE = 1000
"""Characters that Airflow keeps."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run will do.

    Attributes:
        month: the data month.
        tables: the tables that are delivered.
        months: the months to ingest: those the lake lacks of any table with times, and always the data month.
        snapshots: the `as_of` of every snapshot the lake lacks, as text.
        replaced: the run that readers see for this month, if any.
        asked: what the run is asked for.
    """

    month: Month
    tables: Sequence[str]
    months: Sequence[Month]
    snapshots: Sequence[str]
    replaced: RowMapping | None
    asked: RunParameters


def make_plan(
    month: Month,
    delivered: Mapping[str, Delivery],
    lake: Lake,
    snapshots: Table,
    replaced: RowMapping | None,
    asked: RunParameters,
) -> Plan:
    """What a run of a month has to do, given what was delivered and what the lake holds."""
    until_now = delivered["transactions"].first.through(month)
    events = [table for name, table in _EVENTS.items() if name in delivered]
    return Plan(
        month=month,
        tables=[table for table in TABLES if table in delivered],
        months=[past for past in until_now if past == month or not _has_all(lake, events, past)],
        snapshots=[str(past.as_of) for past in until_now if not lake.is_complete(snapshots, past.as_of)],
        replaced=replaced,
        asked=asked,
    )


def _has_all(lake: Lake, tables: Sequence[Table], month: Month) -> bool:
    return all(lake.is_complete(table, month) for table in tables)


def note_of(plan: Plan, source: str) -> str:
    """The plan for people: a few lines, shown as the note of the Airflow run."""
    absent = [table for table in TABLES if table not in plan.tables]
    lines = [
        _forecasts(plan, source),
        f"Ingests {_span([str(month) for month in plan.months], 'month')} of {', '.join(plan.tables)}"
        + (f"; not delivered: {', '.join(absent)}." if absent else "."),
        f"Builds {_span(plan.snapshots, 'snapshot')}."
        if plan.snapshots
        else "Rebuilds snapshots where inputs changed.",
        *(_special(plan) if plan.asked.is_special else _standard(plan)),
    ]
    return "\n".join(lines)[:_LONGEST_NOTE]


def _forecasts(plan: Plan, source: str) -> str:
    from_on = f"from {plan.month.as_of} on, shop {source}."
    if plan.asked.is_special:
        return f"Month {plan.month}: SPECIAL RUN, {plan.asked}, {from_on}"
    return f"Month {plan.month}: forecast of the twelve months {from_on}"


def _special(plan: Plan) -> list[str]:
    if plan.asked.value_basis != NET_REVENUE:
        model = f"Scores with this month's version of the model on {plan.asked.value_basis}, trained now if need be."
    elif plan.replaced is not None:
        model = f"Scores with model version {plan.replaced['model_version']}, which made the published forecast."
    else:
        model = "Scores with this month's model version, trained now if need be; the champion stays."
    return [model, "Adds to clv.special_forecast; the published forecasts stay as they are."]


def _standard(plan: Plan) -> list[str]:
    return ["Trains and registers a model version; the gate decides which version forecasts.", _replaces(plan.replaced)]


def _span(periods: Sequence[str], noun: str) -> str:
    if len(periods) == 1:
        return f"1 {noun} ({periods[0]})"
    return f"{len(periods)} {noun}s ({periods[0]} to {periods[-1]})"


def _replaces(published: RowMapping | None) -> str:
    if published is None:
        return "Replaces nothing: the month has not been published."
    return (
        f"Replaces run {published['run_id']}: {published['forecast_rows']:,} customers, 12-month total "
        f"{published['clv_12m_total']:,.2f}, model version {published['model_version']}."
    )


def input_fingerprint(delivered: Mapping[str, Delivery], month: Month) -> str:
    """A hash of everything that was delivered for the months up to and including `month`."""
    digest = hashlib.sha256()
    for table, delivery in sorted(delivered.items()):
        for past in [past for past in delivery.months if past <= month] or [month]:
            digest.update(f"{table} {past} {delivery.fingerprint(past)}\n".encode())
    return digest.hexdigest()


def _month_of_run(arguments: argparse.Namespace, transactions: Delivery, database: Engine) -> Month:
    """The data month. A manual run that is cleared keeps the one it had, whatever was delivered since."""
    asked = arguments.month
    if not asked and arguments.run_type == "manual":
        earlier = fetch(database, "first_plan_of_dag_run", dag_run_id=arguments.dag_run_id)
        asked = str(Month.before(earlier[0]["as_of"])) if earlier else ""
    first, last_closed = transactions.first, transactions.last_closed
    if last_closed is None or last_closed < first:
        raise MonthRefusedError(f"no month is closed yet: the data starts in {first} and has not gone beyond it")
    return resolve_month(
        asked=asked or None,
        run_type=arguments.run_type,
        logical_date=datetime.fromisoformat(arguments.logical_date) if arguments.logical_date else None,
        first=first,
        last_closed=last_closed,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Plan the run, open its row in `clv.run` and print the plan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run-type", required=True, help="Airflow's: scheduled, backfill, manual or asset_triggered")
    parser.add_argument("--logical-date", required=True, help="Airflow's, in ISO 8601; empty where there is none")
    parser.add_argument("--month", required=True, help="the month asked for, YYYY-MM; may be empty")
    parser.add_argument("--dag-run-id", required=True)
    parser.add_argument("--horizon", type=int, choices=HORIZONS, default=HORIZON_MONTHS, help="months to forecast")
    parser.add_argument("--segment", default=ALL, help=f"'{ALL}', or column=value,value")
    add_value_basis(parser)
    arguments = parser.parse_args(argv)
    settings = Settings.from_env().on(arguments.value_basis)
    database = engine(settings.database_url)
    with recorded("plan.plan", engine=database) as outcome:
        source = load(settings.source, arguments.value_basis)
        snapshots = features(source.departments)
        asked = RunParameters(arguments.horizon, parse(arguments.segment, snapshots), arguments.value_basis)
        delivered = deliveries(source, settings.landing, settings.lake)
        month = _month_of_run(arguments, delivered["transactions"], database)
        published = fetch(database, "published_run", as_of=month.as_of)
        replaced = published[0] if published else None
        plan = make_plan(month, delivered, Lake(settings.lake), snapshots, replaced, asked)
        note = note_of(plan, settings.source)
        [run] = fetch(
            database,
            "plan_run",
            as_of=month.as_of,
            dag_run_id=arguments.dag_run_id,
            trigger=arguments.run_type,
            source=settings.source,
            input_fingerprint=input_fingerprint(delivered, month),
            code_version=code_version(),
            note=note,
            horizon_months=asked.horizon_months,
            segment=asked.segment_text,
            value_basis=asked.value_basis,
        )
        outcome.run_id = run["run_id"]
    result = {
        "run_id": outcome.run_id,
        "month": str(month),
        "as_of": str(month.as_of),
        "tables": plan.tables,
        "months": ",".join(str(past) for past in plan.months),
        "note": note,
        "special": asked.is_special,
        "horizon_months": asked.horizon_months,
        "segment": asked.segment_text,
        "value_basis": asked.value_basis,
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    run_as_program(main)
