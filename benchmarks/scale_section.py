"""What `benchmarks.scale` found, as a section of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.table import markdown

_HEAD = """## A million customers

Simulated shops of {months} months, made anew by `make bench-scale`. Training reads the snapshots of a fixed sample of
the customers (`ModelParams.max_customers`), so a larger shop costs no more than reading its files. Seconds are told as
ratios.
"""

_SAMPLES = """
What training on a sample costs: samples of the larger shop, drawn anew by each seed, forecast the {ahead} months after
an earlier day for the same {held_out:,} customers, none of whom is in a sample. Mean over the seeds (least to most):
"""

_METRICS = {"wape": "WAPE", "norm_gini": "Gini", "spearman": "Spearman", "total_ratio": "total"}


def section(found: Mapping[str, Any]) -> str:
    """The section, in Markdown."""
    training, scoring = markdown(_training_rows(found["training"])), _linear(found["scoring"])
    samples = markdown(_sample_rows(found["samples"]))
    return "\n".join([_HEAD.format(**found), *training, "", scoring, _SAMPLES.format(**found), *samples, ""])


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
        f"A customer's forecast among {int(many):,} takes {ratio:.2f} times as long as among {int(few):,}; 1 is linear."
    )


def _sample_rows(samples: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    rows = [["customers trained on", "seeds", *_METRICS.values()]]
    for size in dict.fromkeys(one["customers"] for one in samples):
        own = [one for one in samples if one["customers"] == size]
        rows.append([f"{size:,}", str(len(own)), *(_spread([one[metric] for one in own]) for metric in _METRICS)])
    return rows


def _spread(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.4f} ({min(values):.4f} to {max(values):.4f})"
