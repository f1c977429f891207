"""Who relies on the last release of the service can rely on this one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from docs.generate.openapi import page as openapi
from docs.generate.released_interface import PAGE, facts

RELEASED = set(PAGE.read_text(encoding="utf-8").splitlines())
NOW = json.loads(openapi())


def broken(document: dict[str, Any]) -> set[str]:
    """What callers of the release would notice: facts that are gone, and new needs of calls that they make."""
    now = set(facts(document))
    calls = {fact for fact in RELEASED if len(fact.split()) == 2}
    gone = RELEASED - now - {fact for fact in RELEASED if fact.replace(" needs ", " takes ") in now}
    needed = {fact for fact in now - RELEASED if " needs " in fact and fact.split(" needs ")[0] in calls}
    return gone | needed


def test_nothing_that_callers_rely_on_has_changed() -> None:
    assert broken(NOW) == set(), "bring it back, or answer the new kind of request at /v2"


def schema(document: dict, name: str) -> dict:
    return document["components"]["schemas"][name]


def customers(document: dict) -> dict:
    return document["paths"]["/v1/customers"]["get"]


CHANGES: list[tuple[Callable[[dict], object], bool]] = [
    (lambda document: document["paths"].pop("/v1/models/champion"), True),
    (lambda document: document["paths"]["/v1/runs"].pop("post"), True),
    (lambda document: schema(document, "CustomerSummary")["properties"].pop("status"), True),
    (lambda document: schema(document, "Interval")["properties"]["p10"].update(type="number"), True),
    (lambda document: customers(document)["parameters"].pop(), True),
    (lambda document: customers(document)["parameters"][0].update(required=True), True),
    (lambda document: customers(document)["parameters"].append({"in": "query", "name": "x", "required": True}), True),
    (lambda document: schema(document, "RunRequest")["required"].append("force"), True),
    (lambda document: schema(document, "RunRequest")["required"].remove("month"), False),
    (lambda document: customers(document)["parameters"].append({"in": "query", "name": "x"}), False),
    (lambda document: schema(document, "Interval")["properties"].update(p50={"type": "string"}), False),
]


@pytest.mark.parametrize(("change", "is_noticed"), CHANGES)
def test_a_change_is_noticed_if_it_breaks_callers(change: Callable[[dict], object], is_noticed: bool) -> None:
    document = copy.deepcopy(NOW)
    change(document)
    assert bool(broken(document)) == is_noticed
