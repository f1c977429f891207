"""Names of the forecasts on day 30 that the benchmark compares, beside those of `baselines.py`."""

OURS, ALONE, STANDARD, STANDARD_LATER = "first_month", "first_month_alone", "standard", "standard_month_end"
"""As in production; without the standard model's part; the standard model's newest forecast on day 30; its next."""
