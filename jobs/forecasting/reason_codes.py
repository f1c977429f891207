"""The words that reasons are told in: themes, and what lifts or lowers a forecast in each."""

from __future__ import annotations

NEVER_ORDERED, RECENCY, FREQUENCY, ORDER_SIZE = "never_ordered", "recency", "frequency", "order_size"
SPEND, LATELY, SEASON, TENURE = "spend", "lately", "season", "tenure"
RANGE, RETURNS, LOGINS, PROFILE = "range", "returns", "logins", "profile"

TYPICAL = "typical customer"
"""The first reason of a customer without any."""

TEXTS = {
    NEVER_ORDERED: ("yet to order", "has never ordered"),
    RECENCY: ("ordered recently", "long since the last order"),
    FREQUENCY: ("many orders last year", "few orders last year"),
    ORDER_SIZE: ("large orders", "small orders"),
    SPEND: ("total spend", "total spend"),
    LATELY: ("busier lately", "quieter lately"),
    SEASON: ("time of the year", "time of the year"),
    TENURE: ("time since joining", "time since joining"),
    RANGE: ("range of articles", "range of articles"),
    RETURNS: ("returns", "returns"),
    LOGINS: ("logins", "logins"),
    PROFILE: ("customer profile", "customer profile"),
}
"""Theme → what lifts the forecast, what lowers it. One text for both where either may do either."""

THEMES = tuple(TEXTS)
"""In the order that decides between themes of equal effect."""

VOCABULARY = (
    TYPICAL,
    *(f"{direction}: {TEXTS[theme][side]}" for theme in THEMES for side, direction in enumerate(("higher", "lower"))),
)
"""Every reason there is."""
