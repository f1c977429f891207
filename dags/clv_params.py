"""The parameters of `clv_monthly`, as shown in its trigger form."""

from collections.abc import Callable, Collection
from typing import Any

from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowFailException


def matching(pattern: str, expected: str, *types: str) -> dict[str, Any]:
    """The schema of a text that matches a pattern.

    Airflow quotes the rule that a value breaks. A constant is the only one that it quotes as plain text: "'a month as
    YYYY-MM, for example 2011-11' was expected". If the constant itself is given, the job refuses it.
    """
    kinds = list(types) or "string"
    return {"if": {"not": {"type": kinds, "pattern": pattern}}, "then": {"const": expected}, "type": kinds}


A_MONTH = (r"^\d{4}-(0[1-9]|1[0-2])$", "a month as YYYY-MM, for example 2011-11")
VALUE_BASIS = Param(
    "net_revenue",
    type="string",
    enum=["net_revenue", "margin"],
    title="Value basis",
    description="Whether it is about the forecasts of net revenue, or those of the margin.",
)
A_REASON = (r"\S", "a reason, which is recorded with the change")

PARAMS = {
    "month": Param(
        None,
        **matching(*A_MONTH, "null", "string"),
        title="Data month",
        description="YYYY-MM, for example 2011-11: forecast the twelve months after it. "
        "Empty: the month of the schedule or backfill; in a manual run, the last month delivered in full.",
    ),
    "model": Param(
        "as_of",
        type="string",
        enum=["as_of", "champion"],
        title="Model",
        description="as_of: train on what was known then and let the gate decide. champion: score with today's "
        "champion; nothing is trained and the champion stays.",
    ),
    "restate": Param(
        "refuse",
        type="string",
        enum=["refuse", "accept"],
        title="Restated months",
        description="Months whose delivery has changed since they were ingested. refuse: the plan fails and names "
        "them. accept: they are ingested again, and everything that depends on them is rebuilt.",
    ),
    "force": Param(
        False,
        type="boolean",
        title="Compute again",
        description="Compute everything again, even what is current: months, snapshots, model and forecast.",
    ),
    "dry_run": Param(
        False,
        type="boolean",
        title="Dry run",
        description="Stop after the plan, which is in the run's note and in clv.all_runs; nothing else is changed.",
    ),
}


def refuse_unknown_keys(conf: dict[str, Any] | None, known: Collection[str]) -> None:
    """Fail a run whose configuration has a key that is no parameter: Airflow would ignore it, a misspelt one too."""
    unknown = sorted(set(conf or {}) - set(known))
    if unknown:
        raise AirflowFailException(
            f"The configuration has the unknown keys {', '.join(unknown)}: nothing was changed. "
            f"Trigger the run again with some of {', '.join(sorted(known))}"
        )


def only_known_keys(known: Collection[str]) -> Callable[[Any], None]:
    """A pre-execute hook that calls `refuse_unknown_keys`."""
    return lambda context: refuse_unknown_keys(context["dag_run"].conf, known)
