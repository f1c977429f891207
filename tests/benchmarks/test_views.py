from __future__ import annotations

from pathlib import Path

from benchmarks.views import measured
from tests.conftest import ROOT


def test_every_query_of_the_guide_and_of_the_dashboards_is_asked(tmp_path: Path) -> None:
    results = measured(tmp_path, 200)
    rows = {answer["question"]: answer["rows"] for answer in results["answers"]}
    guide = (ROOT / "docs" / "sql_examples.md").read_text(encoding="utf-8").count("```sql")
    dashboards = len(list((ROOT / "sql" / "dashboard").glob("*.sql")))
    assert len(results["answers"]) == guide + dashboards + 3
    assert rows["The hundred most valuable customers, with their 80 % interval"] == 100
    assert rows["`/v1/totals`: a country"] == 4
