"""The results of `benchmarks.scale`, for a section of `benchmarks.md`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.table import markdown

_METRICS = {"wape": "WAPE", "norm_gini": "Gini", "spearman": "Spearman", "total_ratio": "total"}


def values(results: Mapping[str, Any]) -> dict[str, Any]:
    """What the section of `benchmarks.md` shows."""
    return {
        "months": results["months"],
        "ahead": results["ahead"],
        "held_out": results["held_out"],
        "training": "\n".join(markdown(_training_rows(results["training"]))),
        "linear": _linear(results["scoring"]),
        "samples": "\n".join(markdown(_sample_rows(results["samples"]))),
    }


def _training_rows(training: Mapping[str, Mapping[str, float]]) -> list[list[str]]:
    few, *_ = costs = [training[count] for count in sorted(training, key=int)]
    rows = [["customers", "seconds, to the first", "seconds of fitting, to the first", "peak MB"]]
    for count, cost in zip(sorted(training, key=int), costs, strict=True):
        total = (cost["read_s"] + cost["fit_s"]) / (few["read_s"] + few["fit_s"])
        rows.append(
            [f"{int(count):,}", f"{total:.2f}", f"{cost['fit_s'] / few['fit_s']:.2f}", f"{cost['peak_mb']:,.0f}"]
        )
    return rows


def _linear(scoring: Mapping[str, float]) -> str:
    few, many = sorted(scoring, key=int)
    ratio = scoring[many] / int(many) / (scoring[few] / int(few))
    return (
        f"A customer's forecast among {int(many):,} takes {ratio:.2f} times as long as among {int(few):,}; "
        "1 would be linear."
    )


def _sample_rows(samples: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    rows = [["customers trained on", "seeds", *_METRICS.values()]]
    for size in dict.fromkeys(sample["customers"] for sample in samples):
        own = [sample for sample in samples if sample["customers"] == size]
        rows.append([f"{size:,}", str(len(own)), *(_spread([sample[metric] for sample in own]) for metric in _METRICS)])
    return rows


def _spread(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.4f} ({min(values):.4f} to {max(values):.4f})"
