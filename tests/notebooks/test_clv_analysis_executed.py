"""The notebook run from top to bottom on Online Retail II, which takes minutes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from notebooks.execute import execute
from tests.notebooks.test_clv_analysis import NOTEBOOK, code_cells, outputs

pytestmark = pytest.mark.slow

FACTS = """
import json
print(json.dumps({
    "read": ingested.read,
    "split": ingested.clean + ingested.rejected,
    "reasons": {reason: int(rows) for reason, rows in reasons["rows"].items()},
    "customers": len(snapshot),
    "published": len(published),
    "scores": scores.to_dict("index"),
    "peers": sorted(overall),
    "status_money": by_status["actual"].sum(),
    "decile_money": by_decile["actual"].sum(),
    "deciles": by_decile["forecast"].tolist(),
    "actual": actual.sum(),
    "lines": by_month["sales"].sub(by_month["returns"]).loc["2011-06":"2011-11"].sum(),
}))
"""


@pytest.fixture(scope="module")
def executed(online_retail_ii: Path) -> NotebookNode:
    """A copy of the notebook, run from top to bottom, with a last cell that tells some of its variables."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    notebook.cells.append(nbformat.v4.new_code_cell(FACTS))
    return execute(notebook, online_retail_ii.parent)


@pytest.fixture(scope="module")
def facts(executed: NotebookNode) -> dict[str, Any]:
    variables: dict[str, Any] = json.loads(executed.cells[-1].outputs[0].text)
    return variables


def test_every_cell_runs_and_none_warns(executed: NotebookNode) -> None:
    assert [cell.execution_count for cell in code_cells(executed)] == list(range(1, len(code_cells(executed)) + 1))
    assert [output.text for output in outputs(executed) if output.get("name") == "stderr"] == []


def test_no_delivered_row_is_lost(facts: dict[str, Any]) -> None:
    assert facts["read"] == facts["split"] == 1_067_371
    assert facts["reasons"]["missing_customer"] == 243_007
    assert facts["reasons"]["sheet_overlap"] == 22_523


def test_every_model_is_scored_and_compared(facts: dict[str, Any]) -> None:
    assert facts["scores"].keys() == {"ours", "trailing_year", "btyd", "random_forest"}
    assert facts["peers"] == ["btyd", "random_forest", "trailing_year"]
    for model, scores in facts["scores"].items():
        assert 0.4 < scores["total_ratio"] < 1.6, model
        assert 0.5 < scores["norm_gini"] < 1.0, model


def test_our_total_is_near_the_actual_total(facts: dict[str, Any]) -> None:
    assert facts["scores"]["ours"]["total_ratio"] == pytest.approx(1.0, abs=0.25)


def test_groups_of_customers_hold_all_their_money(facts: dict[str, Any]) -> None:
    assert facts["published"] == facts["customers"] == 4_977
    assert facts["status_money"] == pytest.approx(facts["actual"])
    assert facts["decile_money"] == pytest.approx(facts["actual"])
    assert facts["deciles"] == sorted(facts["deciles"], reverse=True)
    assert facts["actual"] < facts["lines"], "customers acquired after the origin spend money too"
