"""Results of a validation: the summary in the task's log, the error that stops a run, the record in the lake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine

from jobs.core.postgres import statement
from jobs.core.refusal import RefusedError

DATA_DOCS = "data_docs"
EXAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """The result of one rule.

    Attributes:
        suite: name of the suite.
        rule: name of the rule.
        says: the rule as a sentence.
        severity: critical or warning; a rule that could not be evaluated is critical.
        column: the column that the rule is about, or several with commas; None for a condition on rows.
        passed: whether it holds.
        observed: the observed value.
        allowed: what the rule allows.
        rows: number of rows that break it; None for rules about totals.
        place: where they are stored.
        query: Spark SQL that selects them.
        examples: the keys of up to three of them; a log shows them only if they are no keys of rows (no `query`).
        page: address of the suite's results in the Data Docs.
    """

    suite: str
    rule: str
    says: str
    severity: str
    column: str | None
    passed: bool
    observed: str
    allowed: str
    rows: int | None
    place: str
    query: str | None
    examples: Sequence[str]
    page: str


class ValidationFailedError(RefusedError):
    """A critical rule failed."""


def listing(results: Sequence[RuleResult]) -> str:
    """The failed rules, critical ones first: the observed and the allowed value, and where the rows are stored."""
    failed = _failed(results)
    lines = [f"{len(results)} rules, {len(failed)} failed"]
    for result in failed:
        lines.append(f"{result.severity.upper()} {result.suite}.{result.rule}: {result.says}")
        lines.append(f"    observed {result.observed}; allowed {result.allowed}; in {result.place}")
        if result.query:
            lines.append(f"    rows: {result.query}")
        elif result.examples:
            lines.append(f"    e.g. {'; '.join(result.examples)}")
    lines += [f"Data Docs: {page}" for page in dict.fromkeys(result.page for result in failed)]
    return "\n".join(lines)


def critical_failures(results: Sequence[RuleResult]) -> list[RuleResult]:
    """The critical rules that failed."""
    return [result for result in results if not result.passed and result.severity == "critical"]


def raise_if_critical(results: Sequence[RuleResult], *, stage: str, as_of: date) -> None:
    """Raise ValidationFailedError, naming the first critical rules that failed."""
    critical = critical_failures(results)
    if not critical:
        return
    named = "; ".join(
        f"{result.suite}.{result.rule} (observed {result.observed}, allowed {result.allowed})"
        for result in critical[:EXAMPLES]
    )
    more = f" and {len(critical) - EXAMPLES} more" if len(critical) > EXAMPLES else ""
    raise ValidationFailedError(
        f"The {stage} as of {as_of} break {len(critical)} critical rule(s): {named}{more}. "
        "The task's log has the query for the rows of each rule; no task after this stage has run."
    )


def record_results(database: Engine, results: Sequence[RuleResult], *, stage: str, run_id: int) -> None:
    """Record every result in Postgres, in one transaction; a stage that is validated again replaces its rows."""
    of_stage = {"run_id": run_id, "stage": stage}
    with database.begin() as connection:
        connection.execute(statement("clear_validation"), of_stage)
        for result in results:
            found = {
                "suite": result.suite,
                "rule": result.rule,
                "column_name": result.column,
                "says": result.says,
                "severity": result.severity,
                "success": result.passed,
                "observed": result.observed,
                "allowed": result.allowed,
                "unexpected_rows": result.rows,
            }
            connection.execute(statement("record_validation"), of_stage | found)


def _failed(results: Sequence[RuleResult]) -> list[RuleResult]:
    failed = [result for result in results if not result.passed]
    return sorted(failed, key=lambda result: result.severity)
