from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from benchmarks import accuracy
from benchmarks.btyd import PYTHON
from benchmarks.forecast import METRICS
from benchmarks.peers import MEANS, PEERS
from jobs.sources.mapping import MappingError
from tests.benchmarks.transactions import COLUMNS, MONTHS, ORIGIN, transactions, written

ALL = {"ours", *PEERS, *MEANS}


@dataclass(frozen=True)
class Run:
    """What the command wrote."""

    result: dict[str, Any]
    printed: str
    picture: Path


def command(file: Path, out: Path, *more: str) -> list[str]:
    place = ["--transactions", str(file), "--columns", COLUMNS]
    return [*place, "--as-of", str(ORIGIN), "--months", str(MONTHS), "--json", str(out), *more]


@pytest.fixture(scope="module")
def run(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two origins of the small shop, judged from the command line."""
    folder = tmp_path_factory.mktemp("accuracy")
    printed = io.StringIO()
    with redirect_stdout(printed):
        accuracy.main(command(written(transactions(), folder / "small.csv.gz"), folder / "out.json", "--origins", "2"))
    return Run(json.loads((folder / "out.json").read_text()), printed.getvalue(), folder / "out.png")


def test_origins_lie_a_month_apart_and_end_with_the_one_asked_for(run: Run) -> None:
    assert [origin["as_of"] for origin in run.result["origins"]] == ["2023-12-01", "2024-01-01"]


def test_every_model_has_every_metric_and_nobody_is_dropped_without_a_reason(run: Run) -> None:
    for origin in run.result["origins"]:
        assert origin["models"].keys() | origin["not_run"].keys() == ALL
        assert all(figures.keys() == set(METRICS) for figures in origin["models"].values())
        if not PYTHON.exists():
            assert origin["not_run"]["bg_nbd_gg"] == "not run: make bench-setup"


def test_ours_has_every_figure_and_a_rule_of_thumb_neither_probability_nor_interval(run: Run) -> None:
    models = run.result["origins"][-1]["models"]
    assert [metric for metric, value in models["ours"].items() if value is None] in ([], ["decile_mape"])
    without = {metric for metric, value in models["trailing_year"].items() if value is None}
    intervals = {"coverage80", "coverage80_top_decile", "width80", "winkler80", "total_p10_ratio", "total_p90_ratio"}
    assert without - {"decile_mape"} == {"brier", "auc"} | intervals
    assert models["ours"]["total_p10_ratio"] < models["ours"]["total_ratio"] < models["ours"]["total_p90_ratio"]


def test_the_actual_total_is_that_of_the_file(run: Run) -> None:
    rows = transactions()
    known = rows.loc[rows["Booked"] < ORIGIN, "Card"].unique()
    outcome = rows[(rows["Booked"] >= ORIGIN) & rows["Card"].isin(known)]
    newest = run.result["origins"][-1]
    assert newest["customers"] == len(known)
    assert newest["actual_total"] == pytest.approx(outcome["Paid"].sum())


def test_segments_hold_every_customer_once(run: Run) -> None:
    for origin in run.result["origins"]:
        for segments in origin["segments"].values():
            assert sum(figures["customers"] for figures in segments.values()) == origin["customers"]


def test_differences_are_those_of_the_figures(run: Run) -> None:
    for origin in run.result["origins"]:
        for peer, measures in origin["differences"].items():
            gap = origin["models"]["ours"]["wape"] - origin["models"][peer]["wape"]
            assert measures["wape"]["difference"] == pytest.approx(gap)
            assert measures["wape"]["lower"] <= measures["wape"]["upper"]


def test_the_table_names_every_model_and_the_picture_is_there(run: Run) -> None:
    assert all(name in run.printed for name in ("ours", *PEERS))
    assert "losses" in run.printed
    assert run.picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("as_of", "message"), [("2024-02-01", "2023-01 to 2024-03"), ("2023-01-01", "2023-01 to 2024-03")]
)
def test_origins_without_matured_outcomes_or_without_history_are_refused_with_the_months_there_are(
    as_of: str, message: str, spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(transactions(), tmp_path / "small.csv")
    with pytest.raises(SystemExit, match="2"):
        accuracy.main([*command(file, tmp_path / "out.json"), "--as-of", as_of])
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()


def test_a_month_that_the_file_breaks_off_in_has_not_matured(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = transactions()
    file = written(rows[rows["Booked"] < pd.Timestamp("2024-03-20").date()], tmp_path / "small.csv")
    with pytest.raises(SystemExit, match="2"):
        accuracy.main(command(file, tmp_path / "out.json"))
    assert "2023-01 to 2024-02 in full" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["customer_id=a,amount=b", "customer_id=a,ordered_at=b,price=c", "customer_id,x=y"])
def test_columns_that_are_no_mapping_are_refused(text: str) -> None:
    with pytest.raises(MappingError, match="customer_id"):
        accuracy.columns_of(text)


def test_columns_may_name_more_than_three() -> None:
    columns = accuracy.columns_of("customer_id=Customer ID,ordered_at=Day,units=n,unit_price=each,order_id=Receipt")
    assert (columns.customer_id, columns.unit_price, columns.order_id) == ("Customer ID", "each", "Receipt")
