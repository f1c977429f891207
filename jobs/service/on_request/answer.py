"""What a caller gets back: a forecast a customer, and what became of the rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pydantic import BaseModel, Field

from jobs.core.settings import MODEL
from jobs.service.forecast_parts import Interval, Method, ModelVersion, MonthForecast, Status
from jobs.service.freshness import Freshness


class RejectedRow(BaseModel):
    """A row that does not count."""

    index: int = Field(description="Its place in the list that was sent, from 0", examples=[2])
    reasons: list[str] = Field(
        description="Every reason, in the words of the batch's rejected_for; other_customer: it names somebody else",
        examples=[["zero_value"]],
    )


class Rows(BaseModel):
    """What became of a customer's rows; every order line sent is counted once."""

    used: int = Field(description="Order lines that the forecast is made from", examples=[3])
    on_or_after_as_of: int = Field(description="Order lines that are too new to count", examples=[0])
    rejected: list[RejectedRow] = Field(description="Order lines that do not count")
    rejected_logins: list[RejectedRow] = Field(description="Logins that do not count")
    profile_rejected_for: list[str] = Field(description="Why the profile does not count", examples=[[]])


class ForecastNow(BaseModel):
    """A forecast of the twelve months from as_of on. Amounts are decimals in text."""

    months: list[MonthForecast]
    total: Decimal = Field(description="The sum of the months", examples=["10.00"])
    interval: Interval = Field(description="Of the total")
    p_active_12m: float = Field(description="Probability of an order within twelve months", examples=[0.62])
    status: Status = Field(description="How the customer stands at as_of")
    method: Method = Field(description="How the forecast was made")
    reasons: list[str] = Field(description="What makes it higher or lower than the typical buyer's, most telling first")


class CustomerAnswer(BaseModel):
    """A customer's forecast, or why there is none."""

    customer_id: str = Field(examples=["new-1"])
    forecast: ForecastNow | None
    no_forecast: str | None = Field(description="Why there is none", examples=[None])
    rows: Rows


class Forecasts(BaseModel):
    """Forecasts made now, in the order of the request."""

    as_of: date = Field(description="The forecasts start on it", examples=["2011-12-01"])
    data_month: str = Field(description="The month before as_of", examples=["2011-11"])
    model: ModelVersion = Field(examples=[{"name": MODEL, "version": 3}])
    freshness: Freshness
    customers: list[CustomerAnswer]
