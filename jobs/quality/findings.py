"""What validation found: the list that the task's log ends with, the error that stops a run, the record in the lake."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

DATA_DOCS = "data_docs"
EXAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of one rule.

    Attributes:
        suite: name of the suite.
        rule: name of the rule.
        says: the rule, in words.
        severity: critical or warning; a rule that could not be evaluated is critical.
        passed: whether it holds.
        observed: what was found.
        allowed: what the rule allows.
        rows: number of rows that break it, where it is about rows.
        place: where they lie.
        query: Spark SQL that finds them.
        examples: up to three of them, by their keys.
        page: address of the suite's results in the Data Docs.
    """

    suite: str
    rule: str
    says: str
    severity: str
    passed: bool
    observed: str
    allowed: str
    rows: int | None
    place: str
    query: str | None
    examples: Sequence[str]
    page: str


class ValidationFailedError(ValueError):
    """A critical rule does not hold."""


def listing(verdicts: Sequence[Verdict]) -> str:
    """The failed rules, critical ones first: what was observed and allowed, how many rows, where they lie."""
    failed = _failed(verdicts)
    lines = [f"{len(verdicts)} rules, {len(failed)} failed"]
    for verdict in failed:
        lines.append(f"{verdict.severity.upper()} {verdict.suite}.{verdict.rule}: {verdict.says}")
        lines.append(f"    observed {verdict.observed}; allowed {verdict.allowed}; in {verdict.place}")
        if verdict.query:
            lines.append(f"    rows: {verdict.query}")
        if verdict.examples:
            lines.append(f"    e.g. {'; '.join(verdict.examples)}")
    lines += [f"Data Docs: {page}" for page in dict.fromkeys(verdict.page for verdict in failed)]
    return "\n".join(lines)


def critical_failures(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The critical rules that failed."""
    return [verdict for verdict in verdicts if not verdict.passed and verdict.severity == "critical"]


def raise_if_critical(verdicts: Sequence[Verdict], *, stage: str, as_of: date) -> None:
    """Raise ValidationFailedError, naming the first critical rules that failed."""
    critical = critical_failures(verdicts)
    if not critical:
        return
    named = "; ".join(
        f"{verdict.suite}.{verdict.rule} (observed {verdict.observed}, allowed {verdict.allowed})"
        for verdict in critical[:EXAMPLES]
    )
    more = f" and {len(critical) - EXAMPLES} more" if len(critical) > EXAMPLES else ""
    raise ValidationFailedError(
        f"The {stage} as of {as_of} break {len(critical)} critical rule(s): {named}{more}. "
        "The list above tells where the rows lie; nothing after this stage has run."
    )


def as_json(verdicts: Sequence[Verdict], *, stage: str, as_of: date, run_id: int) -> str:
    """All verdicts as a JSON text, the same for the same verdicts."""
    result = {"stage": stage, "as_of": str(as_of), "run_id": run_id, "rules": [asdict(verdict) for verdict in verdicts]}
    return json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False)


def _failed(verdicts: Sequence[Verdict]) -> list[Verdict]:
    failed = [verdict for verdict in verdicts if not verdict.passed]
    return sorted(failed, key=lambda verdict: verdict.severity)
