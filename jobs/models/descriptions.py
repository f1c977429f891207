"""What a person reads in MLflow about the model, a version and a run, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.core.month import Month
from jobs.core.settings import FIRST_MONTH_MODEL, MARGIN_MODEL, MODEL
from jobs.models.model_version import Training, TrainingInputs

_WHAT = {
    MODEL: "Customer lifetime value: the net revenue of each customer in the twelve months from `as_of` on.",
    MARGIN_MODEL: "Customer lifetime value: the margin of each customer in the twelve months from `as_of` on.",
    FIRST_MONTH_MODEL: "The net revenue of each new customer in the twelve months after the first 30 days.",
}
_HOW = """Each version is trained on what was known on its `as_of`. The alias `champion` is the version that the gate
promoted in the newest published month, or that a person chose; `challenger` is the version that was judged last for a
newest month and is not the champion. The gate's verdicts are in the view `clv.model_decisions`; how right published
forecasts turned out to be is in `clv.accuracy`, for the margin in `clv.margin_accuracy`.

A forecast says what to expect, not what a campaign would change. Accuracy on the holdout is that of matured months,
before `as_of`. See `docs/model_card.md` and `docs/decisions/0006-models-in-mlflow.md` in the repository."""


def of_model(name: str) -> str:
    """Of a registered model: what it forecasts, and where its verdicts are."""
    return f"{_WHAT.get(name, _WHAT[MODEL])}\n\n{_HOW}"


_METRICS = ("wape", "mae", "rmse", "norm_gini", "decile_mape")


def of_run(training: Training, inputs: TrainingInputs) -> str:
    """Of a training run: what it was trained on, and each candidate's accuracy on the holdout."""
    holdout = None if training.backtest is None else training.backtest.as_of
    shown = [name for name in _METRICS if any(name in metrics for metrics in training.metrics.values())]
    rows = [
        [candidate, *(f"{metrics[name]:.4g}" if name in metrics else "" for name in shown)]
        for candidate, metrics in training.metrics.items()
        if any(name in metrics for name in shown)
    ]
    measured = f"Accuracy on the months from {holdout} on, by a model that knows nothing of them:"
    lines = [f"Trained on the data up to {inputs.data_month} (as of {inputs.as_of}).", ""]
    lines += [measured, "", *_table(["candidate", *shown], rows)] if rows and holdout else ["There is no holdout."]
    if training.not_measured:
        lines += ["", "Not measured:", "", *(f"- {absent}" for absent in training.not_measured)]
    return "\n".join(lines)


def of_version(
    number: int, decision: str, reasons: Sequence[str], forecast_by: int, data_month: Month, run_id: int
) -> str:
    """Of a version, once the gate has judged it: its decision, and every comparison behind it."""
    who = "this version" if forecast_by == number else f"version {forecast_by}"
    comparisons = [[str(place), reason] for place, reason in enumerate(reasons, start=1)]
    return "\n".join(
        [
            f"Trained on the data up to {data_month}.",
            f"The gate decided **{decision}**: {who} forecasts the month.",
            "",
            *_table(["", "comparison"], comparisons),
            "",
            f"The run is `clv_run_id` {run_id}: see `clv.all_runs` and `clv.model_decisions`.",
            "The figures that the gate compared are the metrics `gate/…` of the source run.",
        ]
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
