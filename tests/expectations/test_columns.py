from pathlib import Path

import pandas as pd

from expectations import columns
from jobs.quality.runner import Check, run_checks
from tests.expectations.conftest import AS_OF

GOOD = {
    "table": "t",
    "column": "c",
    "declared_type": "double",
    "stored_type": "double",
    "nulls": 0,
    "is_finite": True,
    "is_constant": False,
    "was_constant": False,
    "is_required": False,
    "is_volatile": False,
}


def test_each_bad_column_breaks_its_rule_alone(tmp_path: Path) -> None:
    different = [
        {"column": "good"},
        {"column": "nullable", "nulls": 1},
        {"column": "always_constant", "is_constant": True, "was_constant": True},
        {"column": "varies_now", "was_constant": True},
        {"column": "shut", "is_constant": True, "is_volatile": True},
        {"column": "missing", "stored_type": "(missing)"},
        {"column": "hollow", "is_required": True, "nulls": 1},
        {"column": "infinite", "is_finite": False},
        {"column": "died", "is_constant": True},
    ]
    frame = pd.DataFrame([GOOD | row for row in different])
    check = Check(suite=columns.suite("some"), frame=frame, keys=("column",), place="here")
    verdicts = run_checks([check], as_of=AS_OF, run_id=1, reports=tmp_path)
    assert {verdict.rule: verdict.examples for verdict in verdicts if not verdict.passed} == {
        "stored_as_declared": ["column=missing"],
        "no_null_where_required": ["column=hollow"],
        "finite": ["column=infinite"],
        "not_newly_constant": ["column=died"],
    }
    assert {verdict.rule for verdict in verdicts if verdict.severity == "warning"} == {"not_newly_constant"}
