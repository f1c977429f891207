"""A lake that an earlier release wrote is converted in place, and no run touches it before."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs import convert_lake
from jobs.core.month import Month
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.lake.old_layout import OldLayoutError, convert, refuse_old_layout
from jobs.lake.schemas import arrow_schema
from jobs.lake.tables import FORECASTS, TRANSACTIONS, Table, delivered
from jobs.lake.versions import Period, Record
from jobs.lake.written import ContractError
from tests.forecasts import DECEMBER
from tests.periods import put

OCTOBER, NOVEMBER = Month(2011, 10), Month(2011, 11)


def write_old(lake: Lake, table: Table, period: Period, rows: int, recorded: int | None = None) -> Record:
    folder = Path(lake.root) / table.name / f"{table.period_key}={period}"
    folder.mkdir(parents=True)
    content = [{"customer_id": f"{period}-{number}"} for number in range(rows)]
    if rows:
        pq.write_table(pa.Table.from_pylist(content, schema=arrow_schema(table)), folder / "part-0.parquet")
    record = Record(rows=rows if recorded is None else recorded, fingerprint=f"of {period}", inputs={"code": "1"})
    (folder / "_SUCCESS").write_text(json.dumps(asdict(record)))
    return record


def test_every_period_is_converted_with_its_rows_and_its_record(lake: Lake) -> None:
    records = {month: write_old(lake, TRANSACTIONS, month, rows) for month, rows in ((OCTOBER, 3), (NOVEMBER, 0))}
    forecast = write_old(lake, FORECASTS, DECEMBER, 2)
    with pytest.raises(OldLayoutError, match=r"has the layout of an earlier release: nothing was changed"):
        refuse_old_layout(lake)
    assert convert(lake, [TRANSACTIONS, FORECASTS]) == {TRANSACTIONS.name: 2, FORECASTS.name: 1}
    refuse_old_layout(lake)
    assert {month: lake.record(TRANSACTIONS, month) for month in records} == records
    assert lake.record(FORECASTS, DECEMBER) == forecast
    customers = read_rows(lake, TRANSACTIONS, [OCTOBER, NOVEMBER])["customer_id"].to_pylist()
    assert customers == ["2011-10-0", "2011-10-1", "2011-10-2"]
    assert list((Path(lake.root) / TRANSACTIONS.name).glob("month=*")) == []
    assert convert(lake, [TRANSACTIONS, FORECASTS]) == {}


def test_a_conversion_that_was_stopped_goes_on(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for month in (OCTOBER, NOVEMBER):
        write_old(lake, TRANSACTIONS, month, 1)

    def stop(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("jobs.lake.old_layout.shutil.rmtree", stop)
        with pytest.raises(KeyboardInterrupt):
            convert(lake, [TRANSACTIONS])
    assert lake.periods(TRANSACTIONS) == [str(OCTOBER)]
    assert convert(lake, [TRANSACTIONS]) == {TRANSACTIONS.name: 2}
    assert len(read_rows(lake, TRANSACTIONS, [OCTOBER, NOVEMBER])) == 2


def test_a_period_that_has_lost_rows_is_not_converted(lake: Lake) -> None:
    write_old(lake, TRANSACTIONS, OCTOBER, 1, recorded=49_831)
    with pytest.raises(ContractError, match="49831 rows are to be recorded, but 1 are in"):
        convert(lake, [TRANSACTIONS])
    assert not lake.is_complete(TRANSACTIONS, OCTOBER)
    assert (Path(lake.root) / TRANSACTIONS.name / f"month={OCTOBER}" / "part-0.parquet").is_file()


def test_the_program_converts_the_lakes_of_all_value_bases_and_the_kept_lists(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLV_LAKE", lake.root)
    monkeypatch.setenv("CLV_SOURCE", "simulated_shop")
    margin = Lake(f"{lake.root}/margin")
    write_old(lake, TRANSACTIONS, OCTOBER, 1)
    write_old(margin, TRANSACTIONS, OCTOBER, 2)
    kept = Path(lake.root) / "delivered" / "customers" / "month=2011-10"
    kept.mkdir(parents=True)
    (kept / "customers.csv").write_bytes(b"id\r\n\xe9\r\n")
    (kept / "_SUCCESS").touch()
    old = Path(lake.root) / "validation" / "inputs" / "as_of=2011-11-01" / "run_1.json"
    old.parent.mkdir(parents=True)
    old.touch()
    convert_lake.main([])
    assert not old.exists()
    assert lake.record(TRANSACTIONS, OCTOBER).rows == 1
    assert margin.record(TRANSACTIONS, OCTOBER).rows == 2
    [piece] = read_rows(lake, delivered("customers"), [OCTOBER]).to_pylist()
    assert piece == {"source_file": "customers.csv", "piece": 0, "content": b"id\r\n\xe9\r\n"}
    assert not kept.exists()


def test_no_run_touches_a_lake_until_its_last_part_is_converted(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one whose kept lists are left, nor one that is left halfway by a folder that is refused."""
    kept = Path(lake.root) / "delivered" / "customers" / "month=2011-10"
    kept.mkdir(parents=True)
    (kept / "_SUCCESS").touch()
    with pytest.raises(OldLayoutError, match="delivered/customers/month=2011-10 has the layout of an earlier release"):
        refuse_old_layout(lake)
    write_old(lake, TRANSACTIONS, OCTOBER, 1)
    write_old(lake, FORECASTS, DECEMBER, 1, recorded=2)
    monkeypatch.setenv("CLV_LAKE", lake.root)
    monkeypatch.setenv("CLV_SOURCE", "simulated_shop")
    with pytest.raises(ContractError):
        convert_lake.main([])
    with pytest.raises(OldLayoutError, match="forecasts/as_of=2011-12-01"):
        refuse_old_layout(lake)


def test_a_list_that_is_kept_already_is_not_thrown_away_for_another(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLV_LAKE", lake.root)
    monkeypatch.setenv("CLV_SOURCE", "simulated_shop")
    kept = Path(lake.root) / "delivered" / "customers" / "month=2011-10"
    put(lake, delivered("customers"), OCTOBER, Record(rows=0, fingerprint="today's list"))
    kept.mkdir(parents=True)
    (kept / "customers.csv").write_text("id\n1\n")
    (kept / "_SUCCESS").touch()
    with pytest.raises(OldLayoutError, match="the lake keeps another list of it already"):
        convert_lake.main([])
    assert (kept / "customers.csv").exists()
