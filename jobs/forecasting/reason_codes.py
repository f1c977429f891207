"""The reason codes: the feature groups, and what raises or lowers a forecast in each."""

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
    SPEND: ("what was spent so far", "what was spent so far"),
    LATELY: ("busier lately", "quieter lately"),
    SEASON: ("time of the year", "time of the year"),
    TENURE: ("when the customer joined", "when the customer joined"),
    RANGE: ("what kinds of articles were bought", "what kinds of articles were bought"),
    RETURNS: ("whether and how much was returned", "whether and how much was returned"),
    LOGINS: ("whether and when the customer logged in", "whether and when the customer logged in"),
    PROFILE: ("membership or place", "membership or place"),
}
"""Feature group → what raises the forecast, what lowers it. One text for both if each may do either: it must not read
like "much" or "little" of something."""

FEATURE_GROUPS = tuple(TEXTS)
"""In the order that decides between groups of equal effect."""

VOCABULARY = (
    TYPICAL,
    *(
        f"{direction}: {TEXTS[group][side]}"
        for group in FEATURE_GROUPS
        for side, direction in enumerate(("higher", "lower"))
    ),
)
"""Every reason code."""
