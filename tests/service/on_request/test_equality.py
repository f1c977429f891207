"""A forecast on request is the batch's for the same history: every customer, every number, to the last bit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from jobs.forecasting.forecaster import Forecaster
from jobs.lake.tables import FORECAST_MONTHS, REASON_COLUMNS
from tests.golden_month.golden import AS_OF
from tests.golden_month.raw import RawShop
from tests.service.running import Service


def ask(service: Service, key: str, *customers: dict, as_of: date | None = AS_OF) -> dict:
    body = {"customers": customers} | ({"as_of": str(as_of)} if as_of else {})
    answer = service.request("POST", "/v1/forecasts", key, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def as_row(customer: dict) -> dict:
    """An answer as a row of the forecasts table."""
    forecast = customer["forecast"]
    reasons = [*forecast["reasons"], None, None, None]
    months = [Decimal(month["expected_net_value"]) for month in forecast["months"]]
    return {
        "customer_id": customer["customer_id"],
        "clv_12m": Decimal(forecast["total"]),
        "clv_12m_p10": Decimal(forecast["interval"]["p10"]),
        "clv_12m_p90": Decimal(forecast["interval"]["p90"]),
        **dict(zip(FORECAST_MONTHS, months, strict=True)),
        **{name: forecast[name] for name in ("p_active_12m", "status", "method")},
        **dict(zip(REASON_COLUMNS, reasons, strict=False)),
    }


@pytest.fixture(scope="module")
def batch(forecaster: Forecaster, frames: dict[object, pd.DataFrame]) -> list[dict]:
    forecast = forecaster.predict(frames[AS_OF], as_of=AS_OF)
    return forecast.sort_values("customer_id").to_dict("records")


def test_every_customer_of_a_month_is_forecast_as_in_the_batch(
    service: Service, caller: str, shop: RawShop, batch: list[dict]
) -> None:
    answer = ask(service, caller, *(shop.sent(row["customer_id"], AS_OF) for row in batch))
    assert (answer["as_of"], answer["data_month"]) == ("2011-12-01", "2011-11")
    assert answer["model"] == {"name": "clv", "version": 3}
    rows = [as_row(customer) for customer in answer["customers"]]
    assert rows == [{name: row[name] for name in rows[0]} for row in batch]
    assert len({row["status"] for row in rows}) == 5


def test_an_answer_does_not_depend_on_who_else_is_in_the_request(
    service: Service, caller: str, shop: RawShop, batch: list[dict]
) -> None:
    people = [shop.sent(row["customer_id"], AS_OF) for row in batch[::4]]
    together = ask(service, caller, *people)["customers"]
    alone = [ask(service, caller, person)["customers"][0] for person in people]
    assert together == alone
    assert ask(service, caller, *reversed(people))["customers"] == alone[::-1]


def test_somebody_whom_the_shop_has_never_seen_is_forecast_as_a_customer_with_the_same_history(
    service: Service, caller: str, shop: RawShop, batch: list[dict]
) -> None:
    known = next(row for row in batch if row["status"] == "active")
    sent = shop.sent(known["customer_id"], AS_OF)
    renamed = {
        "customer_id": "never seen",
        "transactions": [{**row, "customer_id": "never seen"} for row in sent["transactions"]],
        "logins": [{**row, "customer_id": "never seen"} for row in sent["logins"]],
        "profile": {**sent["profile"], "customer_id": "never seen"},
    }
    [answer] = ask(service, caller, renamed)["customers"]
    assert as_row(answer) == {name: known[name] for name in as_row(answer)} | {"customer_id": "never seen"}
