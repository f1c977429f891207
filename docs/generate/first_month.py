"""The results of `benchmarks.first_month`, for a section of `benchmarks.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.first_month_peers import OURS, STANDARD
from benchmarks.table import decile_line, difference_rows, markdown, rows, tally
from jobs.forecasting.first_month.baselines import BTYD, COHORT_MEAN, SPEND_RATIO

_PEERS = (COHORT_MEAN, SPEND_RATIO, BTYD, STANDARD)
_WITHIN = 0.05
_REACHED = {True: "reached", False: "missed"}


def values(results: Mapping[str, Any]) -> dict[str, Any]:
    """What the section of `benchmarks.md` shows."""
    goals = [["shop", "goal", "found", ""], *(row for name, of in results.items() for row in _goals(name, of))]
    return {"goals": "\n".join(markdown(goals)), "shops": [_section(name, of) for name, of in results.items()]}


def _section(name: str, of: Mapping[str, Any]) -> dict[str, Any]:
    [origin] = of["origins"]
    return {
        "title": f"`{name}`: {of['months']} months from {origin['as_of']}",
        "customers": f"{origin['customers']:,}",
        "actual_total": f"{origin['actual_total']:,.0f}",
        "models": "\n".join(markdown(rows(origin))),
        "deciles": decile_line(origin),
        "not_run": [f"{what}: {reason}" for what, reason in origin["not_run"].items()],
        "differences": "\n".join(markdown(difference_rows(of["differences"]))),
        "tally": tally(of["differences"]),
    }


def _goals(name: str, of: Mapping[str, Any]) -> Iterator[list[str]]:
    [origin] = of["origins"]
    models = origin["models"]
    peers = {peer: models[peer] for peer in _PEERS if peer in models}
    for metric, heading, sign in (("norm_gini", "Gini", 1.0), ("decile_mape", "decile MAPE", -1.0)):
        ours = models[OURS][metric]
        ahead = [peer for peer, theirs in peers.items() if sign * (theirs[metric] - ours) >= 0.0]
        found = f"{ours:.3f}" + "".join(f"; {peer} {peers[peer][metric]:.3f}" for peer in ahead)
        yield [name, f"{heading} better than every peer's", found, _REACHED[not ahead]]
    total = models[OURS]["total_ratio"]
    yield [name, f"total within {_WITHIN:g} of 1", f"{total:.3f}", _REACHED[abs(total - 1.0) <= _WITHIN]]
