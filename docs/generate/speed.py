"""The results of `benchmarks.speed`, for a section of `benchmarks.md`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from docs.generate.page import table as markdown

STAGES = {
    "plan": ("plan.",),
    "ingest": ("ingest",),
    "features": ("build_features",),
    "train and gate": ("retrain.",),
    "score": ("score",),
    "publish": ("publish.publish",),
    "record and report": ("publish.",),
}
"""A stage → how the names of its tasks begin; the first that fits."""
_REFERENCE = {"train and gate": "train"}


def table(measured: Mapping[str, Any]) -> str:
    """Seconds of each stage in the first run and a further month, ours beside the reference."""
    head = [
        "stage",
        *(f"{run}: {of}" for run in ("first run", "further month") for of in ("ours", "reference", "ratio")),
    ]
    ours, reference = measured["ours"], measured["reference"]
    rows = [
        [stage, *(cell for run in ("first", "further") for cell in _cells(stage, ours[run], reference[run]))]
        for stage in STAGES
    ]
    both = [(ours[run], reference[run]) for run in ("first", "further")]
    totals = [_compared(sum(us["seconds"].values()), sum(them["seconds"].values())) for us, them in both]
    rows.append(["all tasks", *(cell for cells in totals for cell in cells)])
    walls = [_compared(us["published_after"], sum(them["seconds"].values())) for us, them in both]
    rows.append(["start to published", *(cell for cells in walls for cell in cells)])
    copies = [_compared(us["seconds"]["publish.publish"], us["copy"]) for us, _ in both]
    rows.append(["publish, beside COPY alone", *(cell for cells in copies for cell in cells)])
    peaks = [[f"{us['peak_mb']:,.0f}", f"{them['peak_mb']:,.0f}", ""] for us, them in both]
    rows.append(["peak memory of a task, MB", *(cell for cells in peaks for cell in cells)])
    rows.append(["lines read", *(cell for us, _ in both for cell in (f"{us['rows']:,.0f}", "", ""))])
    return markdown(head, rows)


def _cells(stage: str, ours: Mapping[str, Any], reference: Mapping[str, Any]) -> list[str]:
    seconds = sum(seconds for task, seconds in ours["seconds"].items() if _stage(task) == stage)
    return _compared(seconds, reference["seconds"].get(_REFERENCE.get(stage, stage)))


def _compared(ours: float, reference: float | None) -> list[str]:
    if not reference:
        return [f"{ours:,.1f}", "–", ""]
    return [f"{ours:,.1f}", f"{reference:,.1f}", f"{ours / reference:.1f}"]


def _stage(task: str) -> str:
    return next(stage for stage, begins in STAGES.items() if task.startswith(begins))
