"""The customers of a month, page by page: none twice, none left out, none of another publication."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from sqlalchemy import text

from jobs.core.postgres import statement
from jobs.lake.lake import Lake
from tests.conftest import Database
from tests.forecasts import DECEMBER, plan, publish, row, seen, write
from tests.service.running import Service, problem_of, serving

IDS = ["'; DROP TABLE clv.run; --", "10", "9", "a/b", "a/b/forecast", "é☃", "Z", "z z", "%27", "\u202e", "a" * 200]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(str(tmp_path_factory.mktemp("lake")))


def publish_ids(database: Database, lake: Lake, level: str = "10.00") -> None:
    run_id = plan(database.writer, DECEMBER)
    kinds = ("active", "new", "dormant")
    rows = [row(name, level=f"{level[:-1]}{n % 10}", status=kinds[n % 3]) for n, name in enumerate(IDS)]
    write(lake, DECEMBER, rows)
    publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)


@pytest.fixture(scope="module")
def published(module_database: Database, lake: Lake) -> Database:
    publish_ids(module_database, lake)
    return module_database


def pages(service: Service, key: str, **query: object) -> list[dict]:
    found: list[dict] = []
    after: dict[str, str] = {}
    while True:
        answer = service.get("/v1/customers", key, params=query | after)
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        if found[-1]["after"] is None:
            return found
        after = {"after": found[-1]["after"]}


def ids(found: list[dict]) -> list[str]:
    return [customer["customer_id"] for page in found for customer in page["customers"]]


def after(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


@pytest.mark.parametrize("limit", [1, 3, len(IDS), len(IDS) + 1])
def test_the_pages_hold_every_customer_once_in_order(service: Service, reader: str, limit: int) -> None:
    found = pages(service, reader, limit=limit)
    assert ids(found) == sorted(IDS, key=lambda name: name.encode())
    assert all(len(page["customers"]) == limit for page in found[:-1])
    assert len({page["publication"]["publication_id"] for page in found}) == 1


def test_a_customer_in_short(service: Service, reader: str) -> None:
    [page] = pages(service, reader)
    [customer] = [customer for customer in page["customers"] if customer["customer_id"] == "10"]
    assert customer == {
        "customer_id": "10",
        "clv_12m": "780.78",
        "interval": {"p10": "390.39", "p90": "1561.56"},
        "p_active_12m": 1 / 3,
        "status": "new",
        "method": "model",
        "model_version": 3,
        "tier": 6,
        "tier_before": None,
    }
    assert (page["as_of"], page["data_month"], page["horizon_months"]) == ("2011-12-01", "2011-11", 12)


def test_filters_hold_across_pages(service: Service, reader: str) -> None:
    expected = {name for n, name in enumerate(IDS) if n % 3 == 0 and n % 10 >= 6}
    assert set(ids(pages(service, reader, status="active", min_clv="784.68", limit=1))) == expected
    assert ids(pages(service, reader, min_clv="100000")) == []


def test_the_customers_of_a_tier_are_those_of_the_view(service: Service, reader: str, published: Database) -> None:
    expected = {
        tier: {entry["customer_id"] for entry in seen(published, "customer") if entry["tier"] == tier}
        for tier in range(1, 7)
    }
    assert {tier: set(ids(pages(service, reader, tier=tier, limit=2))) for tier in expected} == expected
    assert sum(map(len, expected.values())) == len(IDS)


@pytest.mark.parametrize("name", IDS)
def test_every_id_is_data(service: Service, reader: str, name: str) -> None:
    answer = service.get(f"/v1/customers/{quote(name, safe='')}/forecast", reader)
    assert answer.status_code == 200, answer.text
    assert answer.json()["customer_id"] == name


@pytest.mark.parametrize(
    "name", ["' OR '1'='1", "10' --", "10;SELECT pg_sleep(9)", ":customer_id", "%s", "{}", "..%2f"]
)
def test_what_is_no_id_is_unknown(service: Service, reader: str, name: str) -> None:
    problem_of(service.get(f"/v1/customers/{quote(name, safe='')}/forecast", reader), 404, "unknown-customer")


def test_an_id_with_a_nul_is_refused_before_postgres_sees_it(service: Service, reader: str) -> None:
    problem = problem_of(service.get("/v1/customers/a%00b/forecast", reader), 422, "invalid-request")
    assert problem["errors"][0]["field"] == "path.customer_id"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=asleep", "query.status"),
        ("min_clv=much", "query.min_clv"),
        ("min_clv=NaN", "query.min_clv"),
        ("min_clv=1e400", "query.min_clv"),
        ("min_clv=1e-20000", "query.min_clv"),
        ("tier=0", "query.tier"),
        ("limit=0", "query.limit"),
        ("limit=1001", "query.limit"),
        ("after=x", "query.after"),
        ("statuss=new", "query.statuss"),
        ("as_of=2011-12-01", "query.as_of"),
        ("after='; DROP TABLE clv.run; --", "query.after"),
        ("after=MS4xAA", "query.after"),  # 1.1 and a NUL
        ("after=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "query.after"),
        (f"after={after('9' * 5000 + '.1')}", "query.after"),
        (f"after={after('9' * 19 + '.1')}", "query.after"),
    ],
)
def test_a_wrong_parameter_is_named(service: Service, reader: str, query: str, field: str) -> None:
    problem = problem_of(service.get(f"/v1/customers?{query}", reader), 422, "invalid-request")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_pages_of_two_publications_are_not_put_together(
    database: Database, lake: Lake, tmp_path_factory: pytest.TempPathFactory
) -> None:
    publish_ids(database, lake)
    with serving(database) as service:
        key = service.key("reader", "read")
        after = service.get("/v1/customers?limit=2", key).json()["after"]
        assert service.get("/v1/customers", key, params={"after": after}).status_code == 200
        publish_ids(database, lake, level="20.00")
        problem = problem_of(service.get("/v1/customers", key, params={"after": after}), 409, "published-anew")
        assert problem["remedy"] == "Begin again without `after`."


def test_nothing_is_listed_before_a_month_is_published(database: Database) -> None:
    with serving(database) as service:
        key = service.key("reader", "read")
        problem_of(service.get("/v1/customers", key), 404, "not-published")
        problem_of(service.get("/v1/customers/10/forecast", key), 404, "not-published")
        problem_of(service.get("/v1/models/champion", key), 404, "no-champion")


def test_a_page_reads_a_piece_of_the_newest_load_by_its_index(published: Database) -> None:
    page = {"after": "9", "status": None, "tier": None, "min_clv": None, "page_size": 3}
    with published.api.begin() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"))
        lines = connection.execute(text(f"EXPLAIN {statement('customers_page').text}"), page).scalars().all()
    plan = "\n".join(lines)
    assert "Index Scan using forecast_rows_pkey" in plan
    assert "Join" not in plan
    assert "Nested Loop" not in plan
