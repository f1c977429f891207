from __future__ import annotations

import re

from sqlalchemy import text

from jobs.accuracy.actuals import load_actuals
from jobs.accuracy.record import measure_published
from jobs.core.month import Month
from jobs.core.postgres import execute
from jobs.lake.lake import Lake
from tests.accuracy.days import write_days
from tests.bridge.rows import record_bridge
from tests.conftest import ROOT, Database
from tests.drift.rows import record_drift
from tests.forecasts import CUSTOMERS, DECEMBER, NOVEMBER, plan, publish, publish_new_run, row, write

GUIDE = (ROOT / "docs" / "sql_examples.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```sql\n(.*?)```", GUIDE, flags=re.DOTALL)


def test_every_example_of_the_guide_gives_the_reader_an_answer(database: Database, lake: Lake) -> None:
    for as_of, levels in ((NOVEMBER, (1, 1, 1)), (DECEMBER, (1, 2, 3))):
        run_id = plan(database.writer, as_of)
        execute(database.writer, "set_run_level", run_id=run_id, horizon_months=1, variance=0.04, quantile=1.5)
        write(
            lake, as_of, [row(customer, level=f"{level}.00") for customer, level in zip(CUSTOMERS, levels, strict=True)]
        )
        publish(database.writer, lake, as_of=as_of, run_id=run_id)
    write_days(lake, Month.of(NOVEMBER), {"12346": "12.50"})
    load_actuals(database.writer, lake, Month.of(NOVEMBER), "EUR")
    measure_published(database.writer)
    broken = {"suite": "transactions", "rule": "known", "column_name": None, "says": "known", "severity": "warning"}
    broken |= {"success": False, "observed": "1 of 2 rows", "allowed": "no row", "unexpected_rows": 1}
    execute(database.writer, "record_validation", run_id=run_id, stage="inputs", **broken)
    of_month = {"run_id": run_id, "table_name": "transactions", "month": NOVEMBER}
    execute(database.writer, "record_ingested", **of_month, clean_rows=2, rejected_rows=1)
    execute(database.writer, "record_rejected", **of_month, reason="duplicate", rows=1)
    record_bridge(database, DECEMBER)
    record_drift(database, DECEMBER)
    with database.reader.connect() as connection:
        answers = {example: connection.execute(text(example)).all() for example in EXAMPLES}
    assert len(answers) == GUIDE.count("```sql")
    assert [example for example, answer in answers.items() if not answer] == []


def test_the_guide_s_change_since_the_month_before_is_the_difference(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, NOVEMBER)
    publish_new_run(database, lake, DECEMBER, level="20.00")
    [example] = [example for example in EXAMPLES if "AS change" in example]
    with database.reader.connect() as connection:
        changes = [row.change for row in connection.execute(text(example))]
    assert changes == [780, 780, 780]
