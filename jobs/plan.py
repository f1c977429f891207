"""Plan a run: which month it is for, what has to be read, and what its publication would replace.

    python -m jobs.plan --run-type manual --logical-date "" --month 2011-11 --dag-run-id manual__2011-12-01 \
        --horizon 12 --segment all --value-basis net_revenue --model as_of --restate refuse

The last line on stdout is the plan as a JSON object: the other tasks take the month and the run's number from it. With
`--dry-run` nothing comes after it: only the run's row in `clv.run` is left.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from jobs.core.code_version import code_version
from jobs.core.month import HORIZON_MONTHS, Month, MonthRefusedError, resolve_month
from jobs.core.postgres import engine, fetch
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.core.value_basis import add_value_basis
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.landing.deliveries import CACHE, Delivery, deliveries
from jobs.landing.restatements import RestatedError
from jobs.planning.document import document
from jobs.planning.history import month_history
from jobs.planning.note import note_of, restated_message
from jobs.planning.options import (
    AS_OF,
    HORIZONS,
    MODEL_CHOICES,
    REFUSE,
    RESTATE_CHOICES,
    RunChoices,
    RunParameters,
)
from jobs.planning.run_plan import Plan, Shop, input_fingerprint, make_plan
from jobs.planning.segment import ALL, parse
from jobs.sources import load


class ChoiceRefusedError(ValueError):
    """What was chosen for a run does not go together."""


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


@contextmanager
def _cache_root(lake: Path, *, is_dry_run: bool) -> Iterator[Path]:
    """Where the landing's cache lies; that of a dry run knows what the lake's knows, and is gone afterwards."""
    if not is_dry_run:
        yield lake
        return
    with TemporaryDirectory() as scratch:
        cache = Path(scratch, CACHE)
        cache.mkdir()
        for known in (lake / CACHE).glob("[!.]*"):
            cache.joinpath(known.name).symlink_to(known.resolve())
        yield Path(scratch)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run-type", required=True, help="Airflow's: scheduled, backfill, manual or asset_triggered")
    parser.add_argument("--logical-date", required=True, help="Airflow's, in ISO 8601; empty where there is none")
    parser.add_argument("--month", required=True, help="the month asked for, YYYY-MM; may be empty")
    parser.add_argument("--dag-run-id", required=True)
    parser.add_argument("--horizon", type=int, choices=HORIZONS, default=HORIZON_MONTHS, help="months to forecast")
    parser.add_argument("--segment", default=ALL, help=f"'{ALL}', or column=value,value")
    add_value_basis(parser)
    parser.add_argument("--model", choices=MODEL_CHOICES, default=AS_OF, help="what to score with")
    parser.add_argument("--restate", choices=RESTATE_CHOICES, default=REFUSE, help="what to do about restated months")
    parser.add_argument("--dry-run", action="store_true", help="end with the plan")
    return parser


def _open_run(database: Engine, arguments: argparse.Namespace, plan: Plan, settings: Settings, note: str) -> int:
    [run] = fetch(
        database,
        "plan_run",
        as_of=plan.month.as_of,
        dag_run_id=arguments.dag_run_id,
        trigger=arguments.run_type,
        source=settings.source,
        input_fingerprint=input_fingerprint(plan.inputs),
        code_version=code_version(),
        note=note,
        horizon_months=plan.asked.horizon_months,
        segment=plan.asked.segment_text,
        value_basis=plan.asked.value_basis,
        is_dry_run=plan.choices.is_dry_run,
        model_choice=plan.choices.model,
        restate=plan.choices.restate,
        plan=json.dumps(document(plan, settings.landing)),
    )
    return int(run["run_id"])


def main(argv: Sequence[str] | None = None) -> None:
    """Plan the run, open its row in `clv.run` and print the plan.

    Raises:
        RestatedError: ingested months are delivered otherwise now, and that is to be refused; a dry run only says so.
    """
    arguments = _parser().parse_args(argv)
    choices = RunChoices(arguments.model, arguments.restate, arguments.dry_run)
    settings = Settings.from_env().on(arguments.value_basis)
    database = engine(settings.database_url)
    with (
        recorded("plan.plan", engine=database) as outcome,
        _cache_root(settings.lake, is_dry_run=choices.is_dry_run) as cache_root,
    ):
        source = load(settings.source, arguments.value_basis)
        snapshots = features(source.departments)
        asked = RunParameters(arguments.horizon, parse(arguments.segment, snapshots), arguments.value_basis)
        if asked.is_special and choices.model != AS_OF:
            raise ChoiceRefusedError("a special run scores with its month's model: leave `model` at as_of")
        delivered = deliveries(source, settings.landing, cache_root)
        month = _month_of_run(arguments, delivered["transactions"], database)
        shop = Shop(
            source=source,
            delivered=delivered,
            lake=Lake(settings.lake),
            features=snapshots,
            cache=cache_root / CACHE,
        )
        plan = make_plan(month, shop, month_history(database, month), asked, choices)
        if plan.restated and choices.restate == REFUSE and not choices.is_dry_run:
            raise RestatedError(restated_message(plan))
        note = note_of(plan, settings.source)
        run_id = _open_run(database, arguments, plan, settings, note)
        if not choices.is_dry_run:
            shop.lake.remove_orphans()
        outcome.run_id = None if choices.is_dry_run else run_id
    result = {
        "run_id": run_id,
        "month": str(month),
        "as_of": str(month.as_of),
        "tables": plan.tables,
        "months": ",".join(str(past) for past in plan.months),
        "note": note,
        "special": asked.is_special,
        "horizon_months": asked.horizon_months,
        "segment": asked.segment_text,
        "value_basis": asked.value_basis,
        "model": choices.model,
        "dry_run": choices.is_dry_run,
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    run_as_program(main)
