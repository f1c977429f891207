"""The measured modelling steps as one page: `python -m benchmarks.steps_page --write` (or `--check`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.step_list import SHOWN, STEPS, Found, Step
from benchmarks.variants import AS_IS
from docs.generate.page import write_or_check
from jobs.forecasting.bootstrap import LEVEL

RESULTS = Path(__file__).parent / "results" / "steps.json"
PAGE = Path(__file__).parents[1] / "docs" / "modelling_steps.md"

MEASURES = {"wape": "WAPE", "norm_gini": "Gini", "spearman": "Spearman", LEVEL: "total"}

WORTH = 0.01
"""The least clear gain in a measure that a step is worth its keep for."""

_HEAD = """# The classic modelling steps, measured

Generated from `benchmarks/results/steps.json` by `python -m benchmarks.steps_page --write`; a test compares the two.
`make bench-steps` measures anew (an hour on two busy cores, less on free ones).

Each step is done otherwise than our forecaster does it, everything else being equal: same customers, same origins,
same months (the next six), net value by customer. The origins lie before those of [benchmarks.md](benchmarks.md), so
that nothing is chosen by the months reported there. A figure is written `ours → variant`. WAPE is lower when better,
Gini and Spearman are higher, total (forecast over actual) is nearer to 1. *Clearly* means that a 95 % paired bootstrap
interval over customers, mean of a shop's origins, leaves out zero; shops × four measures are counted. What is clear may
be small: a step is worth its keep from a clear gain of a point (0.01) on.
"""


def page() -> str:
    """The page, in Markdown."""
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    return "\n".join([_HEAD, *_summary(found), *(line for step in STEPS for line in _section(step, found))])


def comparisons(found: Found, variant: str) -> Counter[str]:
    """How often a variant is clearly better than ours, clearly worse, and not told apart."""
    words = {"win": "worse", "loss": "better", "tie": "same"}
    return Counter(
        words[result["differences"][variant][measure]["verdict"]]
        for result in found.values()
        if variant in result["differences"]
        for measure in MEASURES
    )


def clear_gain(found: Found, variant: str) -> tuple[float, str]:
    """The largest gain of a variant that is clear, and its measure; 0 where none is."""
    gaps = [
        (abs(result["differences"][variant][measure]["difference"]), heading)
        for result in found.values()
        if variant in result["differences"]
        for measure, heading in MEASURES.items()
        if result["differences"][variant][measure]["verdict"] == "loss"
    ]
    return max(gaps, default=(0.0, ""))


def _summary(found: Found) -> list[str]:
    rows = [["step", "variant", "clearly better", "clearly worse", "not told apart", "largest clear gain", "verdict"]]
    for step in STEPS:
        for variant in step.variants:
            count, (gain, measure) = comparisons(found, variant), clear_gain(found, variant)
            told = f"{gain:.4f} {measure}" if measure else "·"
            counts = [str(count[word]) for word in ("better", "worse", "same")]
            rows.append([step.title, f"`{variant}`", *counts, told, _verdict(step)])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return [lines[0], "|---|---|--:|--:|--:|--:|---|", *lines[1:], ""]


def _section(step: Step, found: Found) -> list[str]:
    lines = [f"## {step.title}", "", step.text, ""]
    lines += [
        "| shop | as of | variant | " + " | ".join(SHOWN.values()) + " |",
        "|---|---|---|" + "--:|" * len(SHOWN),
    ]
    notes = []
    for source, result in found.items():
        for origin in result["origins"]:
            lines += list(_rows(step, source, origin))
            told = [*step.notes(origin), *_not_run(step, origin)]
            notes += [f"- {source}, {origin['as_of']}: {'; '.join(told)}."] if told else []
    return [*lines, "", *notes, *([""] if notes else []), f"**Verdict: {_verdict(step)}**: {step.why}", ""]


def _rows(step: Step, source: str, origin: Found) -> Iterator[str]:
    for variant in step.variants:
        if variant in origin["models"]:
            ours, other = origin["models"][AS_IS], origin["models"][variant]
            figures = [f"{ours[name]:.3f} → {other[name]:.3f}" for name in SHOWN]
            yield "| " + " | ".join([source, origin["as_of"], f"`{variant}`", *figures]) + " |"


def _not_run(step: Step, origin: Found) -> Iterator[str]:
    for variant in step.variants:
        if variant in origin["not_run"]:
            yield f"`{variant}` not run: {origin['not_run'][variant]}"


def _verdict(step: Step) -> str:
    return "kept" if step.kept else "not kept"


def main(argv: Sequence[str] | None = None) -> None:
    """Write the page, or exit with 1 where the committed one is not what would be written."""
    write_or_check("benchmarks.steps_page", PAGE, page, argv)


if __name__ == "__main__":
    main()
