"""The results in `benchmarks/results/` as one page: `python -m docs.generate.benchmarks --write` (or `--check`)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import goals
from benchmarks.inputs import SNAPSHOTS
from benchmarks.table import decile_line, difference_rows, markdown, rows, tally, truth_rows
from benchmarks.trials import SUITE
from docs.generate import first_month, scale, service_load, speed
from docs.generate.page import DOCS, RESULTS, rendered, write_or_check

SCALE = RESULTS / "scale.json"
FIRST_MONTH = RESULTS / "first_month.json"
SERVICE = RESULTS / "service_load.json"
VIEWS = RESULTS / "views.json"
PAGE = DOCS / "benchmarks.md"

Results = Mapping[str, Any]


def accuracy_results() -> dict[Path, dict[str, Any]]:
    """The results of every data set, by their file; other benchmarks keep theirs in the same folder."""
    results = {path: json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))}
    return {path: of for path, of in results.items() if "data" in of}


def speed_results() -> list[dict[str, Any]]:
    """What months cost, the smallest shop first."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in RESULTS.glob("speed_*.json")]
    return sorted(results, key=lambda measured: measured["customers"])


def first_month_results() -> dict[str, dict[str, Any]]:
    """The results of every shop's forecasts on day 30."""
    results: dict[str, dict[str, Any]] = json.loads(FIRST_MONTH.read_text(encoding="utf-8"))
    return results


def page() -> str:
    """The page, in Markdown."""
    results = accuracy_results()
    by_name = {path.stem: of for path, of in results.items()}
    return rendered(
        "benchmarks",
        suite=goals.table(by_name),
        bars=goals.bars(by_name),
        not_measured=[name for name in SUITE if name not in by_name],
        data_sets=[(f"../benchmarks/results/{path.with_suffix('.png').name}", of) for path, of in results.items()],
        markdown=_markdown,
        rows=rows,
        snapshots=SNAPSHOTS,
        decile_line=decile_line,
        truth_rows=truth_rows,
        difference_rows=difference_rows,
        tally=tally,
        first_month=first_month.values(first_month_results()),
        speed=[(measured, speed.table(measured)) for measured in speed_results()],
        scale=scale.values(json.loads(SCALE.read_text(encoding="utf-8"))) if SCALE.is_file() else None,
        views=json.loads(VIEWS.read_text(encoding="utf-8")) if VIEWS.is_file() else None,
        service=service_load.values(json.loads(SERVICE.read_text(encoding="utf-8"))) if SERVICE.is_file() else None,
    )


def _markdown(cells: Sequence[Sequence[str]]) -> str:
    return "\n".join(markdown(cells))


def main(argv: Sequence[str] | None = None) -> None:
    """Write the page, or exit with 1 if the committed one is out of date."""
    write_or_check("docs.generate.benchmarks", PAGE, page, argv)


if __name__ == "__main__":
    main()
