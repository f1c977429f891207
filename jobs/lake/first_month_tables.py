"""The columns of the tables of new customers in the lake; see `tables.py`."""

from __future__ import annotations

from jobs.lake.tables import CENTS, FORECAST_MONTHS, REASON_COLUMNS, Column, Table

FIRST_MONTH = Table(
    "first_month",
    "a customer whose first month ended in the data month: the last of its 30 days lies in it",
    "as_of",
    (
        Column("customer_id", "string", "The customer"),
        Column("first_ordered_on", "date", "Day of the first order"),
        Column("completed_on", "date", "Day 30: the first month is over, the forecast starts"),
        Column("clv_12m", CENTS, "Expected net value in the 365 days from completed_on on: the sum of its months"),
        Column("clv_12m_p10", CENTS, "Lower end of the 80 % interval of that value"),
        Column("clv_12m_p90", CENTS, "Upper end of the 80 % interval of that value"),
        Column("p_active_12m", "double", "Probability of at least one order in these 365 days"),
        *(
            Column(name, CENTS, f"Expected net value in month {h} from completed_on on (30 or 31 days)")
            for h, name in enumerate(FORECAST_MONTHS, start=1)
        ),
        Column(
            "method",
            "string",
            "first_month: by the model clv_first_month; standard: the standard forecast of as_of, as that model has "
            "too little to learn from",
        ),
        Column("model_version", "bigint", "Version of the registered model: clv_first_month, or clv if standard"),
        *(
            Column(name, "string", f"{which} reason why clv_12m is higher or lower than the typical new customer's")
            for name, which in zip(
                REASON_COLUMNS,
                ("Most telling", "Second (null: no more)", "Third (null: no more)"),
                strict=True,
            )
        ),
    ),
)

FIRST_MONTH_ACCURACY = Table(
    "first_month_accuracy",
    "a candidate's forecasts of customers whose twelve months are over, made out of time",
    "as_of",
    (
        Column("candidate", "string", "first_month, or one of the simple forecasts it is compared with"),
        Column("trained_until", "date", "The candidate has seen nothing of this day or later"),
        Column("customers", "bigint", "Customers forecast on day 30, all after trained_until"),
        Column("months", "bigint", "How many of the twelve months after the first one are compared"),
        Column("actual_total", CENTS, "Net value that they brought in these months"),
        Column("forecast_total", CENTS, "Net value that was forecast"),
        Column("norm_gini", "double", "Normalised Gini: 1 ranks customers perfectly, 0 at random"),
        Column("decile_mape", "double", "Mean absolute error of the ten deciles' means, as a share of the actual ones"),
        Column("wape", "double", "Sum of the absolute errors as a share of the actual total"),
        Column("coverage", "double", "Share of the customers within the 80 % interval (null: it has none)"),
    ),
)
