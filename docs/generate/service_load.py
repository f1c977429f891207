"""The results of `benchmarks.service_load`, for a section of `benchmarks.md`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.table import markdown

_COLUMNS = {
    "load": "load",
    "per_second": "a second",
    "sent": "sent",
    "p50_ms": "p50, ms",
    "p95_ms": "p95, ms",
    "p99_ms": "p99, ms",
}


def values(results: Mapping[str, Any]) -> dict[str, Any]:
    """What the section of `benchmarks.md` shows."""
    rows = [[*_COLUMNS.values(), "answered, by status"]]
    for load in results["loads"]:
        answers = ", ".join(f"{status}: {count:,}" for status, count in load["answers"].items())
        rows.append([*(_text(load[name]) for name in _COLUMNS), answers])
    sizes = results["memory"]["rss_mb"]
    quarter = max(len(sizes) // 4, 1)
    return {
        **{name: results[name] for name in ("machine", "customers", "rows_in_a_forecast", "seconds")},
        "loads": "\n".join(markdown(rows)),
        "note": results.get("note"),
        "minutes": results["memory"]["minutes"],
        "mixed": results.get("publication", {}).get("mixed"),
        "early": max(sizes[:quarter]),
        "late": max(sizes[-quarter:]),
    }


def _text(value: object) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
