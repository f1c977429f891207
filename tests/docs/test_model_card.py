from __future__ import annotations

from typing import Any

import pytest

from docs.generate import benchmarks as page
from docs.generate import model_card
from jobs.forecasting.gate import RULES
from jobs.forecasting.reason_codes import VOCABULARY


def test_the_card_is_what_the_results_and_the_code_say() -> None:
    assert model_card.PAGE.read_text(encoding="utf-8") == model_card.page()


def test_the_card_names_every_reason_and_every_rule() -> None:
    card = model_card.page()
    assert all(text in card for text in VOCABULARY)
    assert all(f"`{rule.measure}` | {rule.words} | {rule.tolerance:g} |" in card for rule in RULES)


def test_the_worst_segments_are_named_where_the_results_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def figures(customers: int, ratio: float | None, coverage: float) -> dict[str, Any]:
        return {"customers": customers, "value_share": 0.1, "total_ratio": ratio, "coverage80": coverage}

    def with_segments() -> dict[Any, Any]:
        results = page.accuracy_results()
        for result in results.values():
            newest = result["origins"][-1]
            everybody = newest["customers"]
            newest["segments"] = {
                "status": {
                    "active": figures(everybody, 1.02, 0.8),
                    "new": figures(everybody, 0.5, 0.6),
                    "dormant": figures(everybody, 1.5, 0.9),
                    "lapsing": figures(everybody, 1.1, 0.7),
                    "never_bought": figures(1, 30.0, 0.1),
                }
            }
            newest["models"]["ours"] |= {"total_p10_ratio": 0.75, "total_p90_ratio": 1.25}
        return results

    monkeypatch.setattr(model_card, "accuracy_results", with_segments)
    card = model_card.page()
    worst = "0.50 (new, 10% of the value), 1.50 (dormant, 10% of the value), 1.10 (lapsing, 10% of the value)"
    assert f"- By status: forecast over actual {worst}; least coverage 0.60 (new)." in card
    assert "never_bought," not in card
    assert "| 0.75 to 1.25 |" in card
