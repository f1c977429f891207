from typing import Any

import pytest

from expectations.volume import references, volume_rules
from jobs.core.month import Month

MONTH = Month(2011, 11)


def months(**figures: float) -> dict[Month, float]:
    """`back_3=…` is the month three before."""
    return {MONTH.plus(-int(name.removeprefix("back_"))): figure for name, figure in figures.items()}


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        ({}, []),
        (months(back_1=100), [100]),
        (months(back_1=100, back_2=300), [200]),
        (months(back_1=100, back_2=300, back_3=120, back_4=9999), [120]),
        (months(back_1=100, back_2=100, back_3=100, back_12=300), [300, 100]),
        (months(back_1=100, back_12=300, back_13=50), [600, 100]),
        (
            months(back_1=120, back_2=110, back_3=100, back_12=300, back_13=60, back_14=55, back_15=50),
            [600],
        ),
        (
            months(back_1=290, back_2=259, back_3=248, back_12=43, back_13=15, back_14=3, back_15=1),
            [43 * 797 / 19, 259],
        ),
    ],
    ids=[
        "first month",
        "second",
        "third",
        "young",
        "a year, growth unknown",
        "growth of one month",
        "growth of three",
        "opened",
    ],
)
def test_what_earlier_months_lead_to_expect(earlier: dict[Month, float], expected: list[float]) -> None:
    assert references(earlier, MONTH) == expected


def severities(earlier: dict[Month, float], rows: float, *, figure: str = "rows") -> set[str]:
    """The severities of the volume rules that a month's figure breaks."""
    history = {month: {figure: value} for month, value in earlier.items()}
    kinds = {"money": ["net_value"], "counts": []} if figure == "net_value" else {"counts": [figure]}
    rules: Any = volume_rules(history, MONTH, **kinds)
    return {rule.severity.value for rule in rules if not rule.min_value <= rows <= rule.max_value}


SEASONED = months(
    back_1=50_000, back_2=40_000, back_3=27_000, back_12=60_000, back_13=50_000, back_14=35_000, back_15=26_000
)
YOUNG = months(back_1=60_000, back_2=50_000, back_3=40_000)


@pytest.mark.parametrize(
    ("earlier", "rows", "broken"),
    [
        (SEASONED, 64_000, set()),
        (SEASONED, 32_000, {"critical", "warning"}),
        (SEASONED, 42_000, {"warning"}),
        (SEASONED, 130_000, {"warning"}),
        (SEASONED, 640_000, {"critical", "warning"}),
        (SEASONED, 0, {"critical", "warning"}),
        (YOUNG, 31_000, set()),
        (YOUNG, 25_000, {"warning"}),
        (YOUNG, 5_000, {"critical", "warning"}),
        (YOUNG, 500_000, {"critical", "warning"}),
        (months(back_1=1_000), 30_000, {"warning"}),
        (months(back_1=1_000), 100, {"warning"}),
        ({}, 10, set()),
    ],
)
def test_a_months_rows_are_judged_by_the_months_before(
    earlier: dict[Month, float], rows: float, broken: set[str]
) -> None:
    assert severities(earlier, rows) == broken


def test_christmas_is_no_fault_once_there_was_one_before() -> None:
    january = {Month(2012, 1).plus(-back): rows for back, rows in enumerate((0, 65, 78, 59, 42, 33, 33, 40, 35, 34), 0)}
    january |= {Month(2011, 1): 31.0, Month(2010, 12): 61.0, Month(2010, 11): 75.0, Month(2010, 10): 56.0}
    earlier = {month: rows * 1000.0 for month, rows in january.items() if month < Month(2012, 1)}
    rules: Any = volume_rules(
        {month: {"rows": rows} for month, rows in earlier.items()}, Month(2012, 1), counts=["rows"]
    )
    assert [rule.min_value <= 33_000 <= rule.max_value for rule in rules] == [True, True]
    assert [rule.min_value <= 16_000 <= rule.max_value for rule in rules] == [False, False]


def test_a_shop_that_has_just_opened_is_judged_by_its_last_months_too() -> None:
    opened = months(back_1=290, back_2=259, back_3=248, back_12=43, back_13=15)
    assert severities(opened, 309) == set()
    assert severities(opened, 90) == {"critical", "warning"}


def test_small_counts_may_stray_by_chance() -> None:
    assert severities(months(back_1=12, back_2=10, back_3=9, back_12=10, back_13=10), 4) == set()


def test_money_strays_further_than_counts() -> None:
    assert severities(SEASONED, 32_000) == {"critical", "warning"}
    assert severities(SEASONED, 32_000, figure="net_value") == {"warning"}
    assert severities(SEASONED, 640_000, figure="net_value") == {"critical", "warning"}
