"""Plan a run: which month it is for, what to ingest, and what its publication replaces.

    python -m jobs.plan --run-type manual --logical-date "" --month 2011-11 --dag-run-id manual__2011-12-01 \
        --value-basis net_revenue --model as_of --restate refuse

The last line on stdout is a JSON object for the other tasks. With `--dry-run` it changes nothing but the run's row in
`clv.run`. A scheduled run whose month is not delivered in full ends with exit code 75 and changes nothing:
`clv_deliveries` starts it once it is delivered. Neither does one on a margin that is not declared.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from jobs.cleaning.erasures import left_out_of_customers
from jobs.core.arguments import add_airflow_run, parser
from jobs.core.failure import AS_OF
from jobs.core.month import named_month
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.core.value_basis import MARGIN
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.landing.cache import Kept, scratch_copy
from jobs.landing.deliveries import dated, deliveries, keep_lists
from jobs.landing.restatements import RestatedError
from jobs.planning.data_month import data_month, why_not_delivered
from jobs.planning.document import open_run, xcom
from jobs.planning.history import month_history
from jobs.planning.lake_tables import take_over
from jobs.planning.note import note_of, refusal_of
from jobs.planning.options import REFUSE, add_options, options_of
from jobs.planning.run_plan import Surroundings, make_plan
from jobs.sources import declares_margin, load

log = logging.getLogger(__name__)

STARTED_LATER = (
    "Nothing was changed. clv_deliveries starts it once it is delivered; if no run of clv_deliveries is waiting, "
    "trigger it with this month"
)
NO_MARGIN = "Nothing to do: the shop's mapping declares no margin. docs/your_own_data.md shows how to declare one"


def main(argv: Sequence[str] | None = None) -> None:
    """Plan the run, open its row in `clv.run` and print the plan.

    Raises:
        SystemExit: with code 75, if the run is scheduled and its month is not delivered in full.
        RestatedError: ingested months have changed at the source, or published ones would be read otherwise, and the
            run refuses that. A dry run only reports it.
    """
    options = parser(__doc__)
    add_airflow_run(options)
    options.add_argument("--dag-run-id", required=True)
    add_options(options)
    arguments = options.parse_args(argv)
    settings = Settings().on(arguments.value_basis)
    if settings.value_basis == MARGIN and not declares_margin(settings.source):
        log.warning("%s", NO_MARGIN)
        sys.stdout.write(json.dumps({"ends": True, "note": NO_MARGIN}) + "\n")
        return
    database = engine(settings.database_url)
    with (
        recorded("plan.plan", engine=database) as outcome,
        scratch_copy(Kept.of(settings)) if arguments.dry_run else nullcontext(Kept.of(settings)) as kept,
    ):
        source = load(settings.source, arguments.value_basis)
        if arguments.run_type == "scheduled":
            month = named_month(requested=arguments.month, run_type="scheduled", logical_date=arguments.logical_date)
            missing = month and why_not_delivered(source, settings.landing, kept, month)
            if missing:
                log.warning("Month %s is not delivered in full yet: %s. %s", month, missing, STARTED_LATER)
                sys.exit(os.EX_TEMPFAIL)
        table = features(source.departments)
        choices = options_of(arguments)
        delivered = deliveries(source, settings.landing, kept)
        month = data_month(
            database,
            delivered["transactions"],
            requested=arguments.month,
            run_type=arguments.run_type,
            logical_date=arguments.logical_date,
            dag_run_id=arguments.dag_run_id,
        )
        AS_OF.set(month.as_of)
        lake, filed = Lake(settings.lake, versions={}), dated(delivered)
        surroundings = Surroundings(source=source, delivered=filed, lake=lake, features=table, cache=kept.cache)
        plan = make_plan(month, surroundings, month_history(database, month, settings), choices)
        if plan.needs_acceptance and choices.restate == REFUSE and not choices.is_dry_run:
            raise RestatedError(refusal_of(plan))
        if not choices.is_dry_run:
            keep_lists(filed, left_out_of_customers(database, source))
        note = note_of(plan, settings.source)
        asked = {"dag_run_id": arguments.dag_run_id, "trigger": arguments.run_type}
        run_id = open_run(database, plan, settings, currency=source.currency, note=note, **asked)
        if not choices.is_dry_run:
            take_over(database, Lake.of_run(settings.lake, month.as_of, run_id), table)
            outcome.run_id = run_id
    sys.stdout.write(json.dumps(xcom(plan, run_id, note)) + "\n")


if __name__ == "__main__":
    run_as_program(main)
