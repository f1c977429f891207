"""Every kind of bad input, delivered to the real ingest."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from expectations import transactions
from expectations.volume import reference_months
from jobs.cleaning.reconciliation import Reconciliation
from jobs.core.month import Month
from jobs.core.task import run_as_program
from jobs.lake.lake import Lake
from jobs.landing.deliveries import TABLES
from jobs.quality.runner import Check, run_checks
from tests.bad_input.csv_files import CSV_FILES, GZIPPED
from tests.bad_input.files import month
from tests.bad_input.kinds import GOOD, SHOP, MappingKind, MonthKind, RefusedKind, RowKind, csv_of
from tests.bad_input.table import MAPPINGS, MONTHS, REFUSED, ROWS
from tests.bad_input.together import USUAL
from tests.conftest import Database
from tests.forecasts import plan, publish, row, seen, write
from tests.ingesting import ingest_all, rejected, stored

NOVEMBER = Month(2011, 11)
AS_OF = NOVEMBER.as_of


def by_name(kind: RowKind | RefusedKind | MappingKind | MonthKind) -> str:
    return kind.name


@dataclass(frozen=True)
class Ingested:
    """What became of all kinds of rows: results by table, rows and reasons by kind."""

    results: dict[str, Reconciliation]
    clean: dict[str, list[tuple[str | None, ...]]]
    reasons: dict[str, list[tuple[str, ...]]]


@pytest.fixture(scope="module")
def ingested(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    """Every kind of rows, all ingested at once: those that are about a file in one of their own."""
    root = tmp_path_factory.mktemp("bad_input")
    landing, lake = root / "landing", Lake(str(root / "lake"))
    for table in GOOD:
        folder = month(landing, table) if table in ("transactions", "sessions") else landing / table
        folder.mkdir(exist_ok=True)
        (folder / "rows.csv").write_bytes(csv_of((kind for kind in ROWS if kind.table == table), table))
    for kind in CSV_FILES:
        ending = ".csv.gz" if kind.name in GZIPPED else ".csv"
        (month(landing) / f"{kind.name}{ending}").write_bytes(kind.file or b"")
    results = ingest_all(spark, SHOP, landing, lake, AS_OF)
    clean, reasons = defaultdict(list), defaultdict(list)
    for table, good in GOOD.items():
        marker = list(good.clean).index(good.clean_marker)
        for values in stored(spark, lake, TABLES[table]):
            clean[values[marker]].append(values)
        for _, file, raw, why in rejected(spark, lake, TABLES[table]):
            reasons[raw["kind"] if file == "rows.csv" else file.partition(".csv")[0]].append(tuple(why))
    return Ingested(results, dict(clean), dict(reasons))


@pytest.mark.parametrize("kind", ROWS, ids=by_name)
def test_every_bad_row_is_quarantined_with_its_reasons_or_kept_as_it_is(kind: RowKind, ingested: Ingested) -> None:
    assert sorted(ingested.reasons.get(kind.name, [])) == sorted(kind.rejected)
    assert ingested.clean.get(kind.name, []) == kind.clean_rows()


def test_clean_and_rejected_are_all_that_was_read(ingested: Ingested) -> None:
    for table, result in ingested.results.items():
        kinds = [kind for kind in ROWS if kind.table == table]
        assert result.clean + result.rejected == result.read == result.in_files
        assert (result.clean, result.rejected) == (
            sum(len(kind.clean) for kind in kinds),
            sum(len(kind.rejected) for kind in kinds),
        )


def test_ids_that_were_kept_reach_the_readers_of_the_forecast_as_plain_text(
    ingested: Ingested, database: Database, lake: Lake
) -> None:
    position = list(GOOD["transactions"].clean).index("customer_id")
    customers = {
        rows[position] for kind in ROWS if kind.table == "transactions" for rows in ingested.clean.get(kind.name, [])
    }
    run_id = plan(database.writer, AS_OF)
    write(lake, AS_OF, [row(customer) for customer in sorted(customers)])

    publish(database.writer, lake, as_of=AS_OF, run_id=run_id)

    assert "Robert'); DROP TABLE clv.run;--" in customers
    assert sorted(forecast["customer_id"] for forecast in seen(database)) == sorted(customers)


@pytest.mark.parametrize("kind", REFUSED, ids=by_name)
def test_what_cannot_be_read_is_refused_for_good_with_the_remedy(
    kind: RefusedKind, spark: SparkSession, lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    kind.deliver(landing)

    message = refusal(lambda: ingest_all(spark, kind.source, landing, lake, AS_OF, [NOVEMBER]), capsys)

    assert message.startswith("jobs.landing.file_checks.LandingError: ")
    assert kind.says in message
    assert not lake.periods(TABLES["transactions"])


@pytest.mark.parametrize("kind", MAPPINGS, ids=by_name)
def test_a_mapping_that_cannot_be_read_by_is_refused(kind: MappingKind, capsys: pytest.CaptureFixture[str]) -> None:
    message = refusal(lambda: replace(SHOP, **kind.changes), capsys)

    assert message.startswith("jobs.sources.mapping.MappingError: ")
    assert kind.says in message


@pytest.mark.parametrize("kind", MONTHS, ids=by_name)
def test_a_month_that_is_wrong_as_a_whole_is_stopped(kind: MonthKind, tmp_path: Path) -> None:
    history = dict.fromkeys(reference_months(NOVEMBER), USUAL)
    suite = transactions.totals_suite(history, NOVEMBER, usual_gap_days=1)
    frame = pd.DataFrame([USUAL | dict(kind.figures)])

    verdicts = run_checks(
        [Check(suite=suite, frame=frame, keys=(), place="here", tables={})], as_of=AS_OF, run_id=1, reports=tmp_path
    )

    broken = [verdict for verdict in verdicts if not verdict.passed]
    assert {verdict.rule for verdict in broken if verdict.severity == "critical"} == kind.stops
    assert not [verdict for verdict in broken if "error" in verdict.observed]


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_file_that_may_not_be_read_or_lies_in_a_folder_that_may_not_be_entered_is_refused(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str], *, is_folder: bool
) -> None:
    from jobs.landing.files import sha256

    folder = tmp_path_factory.mktemp("forbidden")
    file = folder / "part.csv"
    file.write_text("who\nc1\n")
    for parent in (folder, *folder.parents[:3]):
        if parent.owner() != "root" or str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    (folder if is_folder else file).chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)  # nobody: root may read everything
    try:
        message = refusal(lambda: sha256(file), capsys)
    finally:
        if is_root:
            os.seteuid(0)

    assert f"{file} cannot be read" in message
    assert "grant the user that runs the job read access" in message


def refusal(job: Callable[[], object], capsys: pytest.CaptureFixture[str]) -> str:
    """The last line of what a job says that ends with exit code 65."""
    with pytest.raises(SystemExit) as ended:
        run_as_program(job)  # type: ignore[arg-type]
    assert ended.value.code == os.EX_DATAERR
    return capsys.readouterr().err.strip().splitlines()[-1]
