"""Names of the forecasts on day 30 that the benchmark compares, beside those of `baselines.py`."""

OURS, STANDARD, STANDARD_LATER = "first_month", "standard", "standard_month_end"
"""As in production; the standard model's newest forecast on day 30; its next."""
