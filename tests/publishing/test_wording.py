from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from jobs.publishing.month_page import wording


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("4563210.12", "4.56 million"),
        ("83100", "83.1 thousand"),
        ("912.4", "912"),
        ("12.345", "12.3"),
        ("0", "0.00"),
        ("-1234567890", "−1.23 billion"),
    ],
)
def test_amounts_in_sentences_have_three_digits(amount: str, said: str) -> None:
    assert wording.scaled(Decimal(amount)) == said


def test_axes_have_no_zeros_at_the_end() -> None:
    assert [wording.scaled(value, trimmed=True) for value in (0, 1_000_000, 1_250_000.0)] == [
        "0",
        "1 million",
        "1.25 million",
    ]


def test_tables_have_whole_amounts_unless_they_are_small() -> None:
    assert [wording.whole(value) for value in (Decimal("1234.56"), Decimal("-12.3"), 0, None)] == [
        "1,235",
        "−12.30",
        "0",
        "–",
    ]


def test_changes_have_a_sign_and_none_where_there_is_nothing_to_compare_with() -> None:
    assert [wording.change(110, before) for before in (100, 200, 0, None)] == ["+10.0 %", "−45.0 %", "–", "–"]
    assert [wording.more_or_less(100, before) for before in (100, 80, 125)] == [
        "as much as",
        "25.0 % more than",
        "20.0 % less than",
    ]
    assert [wording.off(ratio) for ratio in (1, 1.05, 0.9, None)] == ["exact", "5.0 % too high", "10.0 % too low", "–"]


def test_months_have_names() -> None:
    assert wording.month_name(date(2011, 12, 1)) == "December 2011"
    assert [wording.short_month(date(2012, month, 1)) for month in (1, 2)] == ["Jan\n2012", "Feb"]
