from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from notebooks.execute import FOLDER, execute

NOTEBOOK = FOLDER / "01_clv_analysis.ipynb"
MOST_BYTES = 1_500_000
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


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: NotebookNode) -> Iterator[NotebookNode]:
    return (output for cell in code_cells(notebook) for output in cell.outputs)


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


def test_every_cell_compiles_and_its_imports_exist() -> None:
    """Needs no real data: a moved module is noticed even where the notebook cannot be run."""
    source = "\n".join(cell.source for cell in code_cells(nbformat.read(NOTEBOOK, as_version=4)))
    cells = ast.parse(source.replace("%matplotlib inline", ""))
    imports = [node for node in ast.walk(cells) if isinstance(node, ast.Import | ast.ImportFrom)]
    names: dict[str, Any] = {}

    exec("\n".join(map(ast.unparse, imports)), names)

    assert {"Lake", "fit", "random_forest", "charts"} <= names.keys()


def test_the_committed_notebook_shows_its_results_and_nothing_of_the_machine() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    shown = [cell for cell in code_cells(notebook) if cell.outputs]
    assert [cell.execution_count for cell in code_cells(notebook)] == list(range(1, len(code_cells(notebook)) + 1))
    assert sum("image/png" in output.get("data", {}) for output in outputs(notebook)) >= 10
    assert len(shown) > len(code_cells(notebook)) / 2
    assert all(output.output_type in ("execute_result", "display_data") for output in outputs(notebook))
    assert not any("execution" in cell.metadata for cell in notebook.cells)
    text = json.dumps([{**output.data, "image/png": ""} for output in outputs(notebook)])
    assert re.findall(r"/(?:home|tmp|usr|work|root|Users|opt|var)/", text) == []
    assert str(Path.home()) not in text
    assert os.path.getsize(NOTEBOOK) < MOST_BYTES
