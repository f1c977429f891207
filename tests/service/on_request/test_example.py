"""What the reference page proposes to send gives a forecast, for every shop that can be forecast on request."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from jobs.service.on_request.body import CustomerRows
from jobs.service.on_request.example import example
from jobs.service.on_request.history import cleaned
from jobs.service.on_request.live_model import LiveModel
from jobs.sources import load
from tests.service.on_request.test_equality import ask
from tests.service.running import Service


def test_the_example_of_a_body_holds_three_rows_that_give_a_forecast(service: Service, caller: str) -> None:
    body = service.get("/openapi.json").json()["components"]["schemas"]["ForecastRequest"]["example"]
    assert [len(customer["transactions"]) for customer in body["customers"]] == [3]
    [answer] = ask(service, caller, *body["customers"], as_of=None)["customers"]
    assert answer["rows"]["used"] == 3
    assert answer["forecast"]["status"] in ("new", "active")


@pytest.mark.parametrize("name", ["simulated_shop", "cdnow", "superstore"])
def test_the_example_is_in_the_columns_of_the_shop(live: LiveModel, name: str) -> None:
    source, as_of = load(name), date(2012, 1, 1)
    of_shop = replace(live, source=source, cuts={as_of: live.cuts[live.newest]})
    [sent] = example(of_shop)["customers"]
    found = cleaned(CustomerRows(**sent), 0, as_of=as_of, source=source, delivered=of_shop.delivered(as_of))
    assert (found.rows.used, found.rows.rejected) == (3, [])
