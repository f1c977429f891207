from dataclasses import replace
from datetime import date

import pytest

from jobs.core.refusal import RefusedError
from jobs.quality.findings import RuleResult, ValidationFailedError, listing, raise_if_critical, record_results
from tests.conftest import Database
from tests.forecasts import plan, seen

AS_OF = date(2011, 12, 1)
PASSED = RuleResult(
    suite="transactions",
    rule="order_id_filled",
    says="order_id is never null",
    column=None,
    severity="critical",
    passed=True,
    observed="0 of 30,000 rows",
    allowed="no row",
    rows=0,
    place="/lake/clean/transactions/month=2011-11",
    query=None,
    examples=(),
    page="file:///reports/transactions.html",
)
CRITICAL = replace(
    PASSED,
    passed=False,
    observed="17 of 30,000 rows",
    rows=17,
    query="SELECT * FROM parquet.`/lake/clean/transactions/month=2011-11` WHERE order_id IS NULL",
    examples=("customer_id=1", "customer_id=2"),
)
WARNING = replace(
    PASSED,
    suite="transactions_totals",
    rule="rows_off_earlier_months",
    says="rows: 0.75 to 2 times the expected value",
    severity="warning",
    passed=False,
    observed="20,000",
    allowed="22,500 to 60,000",
    rows=None,
    page="file:///reports/transactions_totals.html",
)


def test_the_list_names_what_failed_critical_rules_first_and_where_the_rows_lie() -> None:
    assert listing([WARNING, PASSED, CRITICAL]).splitlines() == [
        "3 rules, 2 failed",
        "CRITICAL transactions.order_id_filled: order_id is never null",
        "    observed 17 of 30,000 rows; allowed no row; in /lake/clean/transactions/month=2011-11",
        "    rows: SELECT * FROM parquet.`/lake/clean/transactions/month=2011-11` WHERE order_id IS NULL",
        "WARNING transactions_totals.rows_off_earlier_months: rows: 0.75 to 2 times the expected value",
        "    observed 20,000; allowed 22,500 to 60,000; in /lake/clean/transactions/month=2011-11",
        "Data Docs: file:///reports/transactions.html",
        "Data Docs: file:///reports/transactions_totals.html",
    ]


def test_the_list_gives_examples_of_figures_and_none_of_rows() -> None:
    column = replace(CRITICAL, query=None, examples=("table=clean/transactions, column=net_value",))
    assert "    e.g. table=clean/transactions, column=net_value" in listing([column]).splitlines()
    assert "customer_id=1" not in listing([CRITICAL])


def test_warnings_do_not_stop_a_run() -> None:
    raise_if_critical([PASSED, WARNING], stage="inputs", as_of=AS_OF)


def test_a_critical_rule_stops_the_run_and_the_error_names_the_first_of_them() -> None:
    with pytest.raises(ValidationFailedError) as failure:
        raise_if_critical([WARNING, *[CRITICAL] * 5], stage="inputs", as_of=AS_OF)
    rule = "transactions.order_id_filled (observed 17 of 30,000 rows, allowed no row)"
    assert str(failure.value) == (
        f"The inputs as of 2011-12-01 break 5 critical rule(s): {rule}; {rule}; {rule} and 2 more. "
        "The task's log has the query for the rows of each rule; no task after this stage has run."
    )


def test_a_failed_validation_is_a_refusal_which_trying_again_does_not_help() -> None:
    assert issubclass(ValidationFailedError, RefusedError)


def test_results_are_rows_and_a_stage_that_is_validated_again_replaces_its_own(database: Database) -> None:
    run_id = plan(database.writer, AS_OF)
    record_results(database.writer, [PASSED], stage="features", run_id=run_id)
    for results in ([CRITICAL, replace(PASSED, rule="gone")], [CRITICAL]):
        record_results(database.writer, results, stage="inputs", run_id=run_id)
    actual = {row["stage"]: row for row in seen(database, "validation")}
    assert len(seen(database, "validation")) == 2
    assert (actual["inputs"]["success"], actual["inputs"]["unexpected_rows"]) == (False, 17)
    assert (actual["features"]["success"], actual["features"]["unexpected_rows"]) == (True, 0)
    assert {(row["data_month"], row["as_of"], row["run_id"]) for row in actual.values()} == {("2011-11", AS_OF, run_id)}
