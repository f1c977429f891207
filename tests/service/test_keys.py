"""Keys: made once, stored as a hash, recognised by their scope, refused when wrong, absent or revoked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from docs.generate.openapi import page as openapi
from jobs import api_key
from jobs.core.refusal import RefusedError
from jobs.core.settings import SettingsError
from jobs.service.keys import KeyRefusedError, create_key, revoke_key
from tests.conftest import Database
from tests.service.running import Service, problem_of

PATH = "/v1/customers/12347/forecast"
OPERATING = "/v1/runs/api__nightly__1"


def test_a_key_reads_until_it_is_revoked(service: Service) -> None:
    key = service.key("till", "read")
    assert service.get(PATH, key).status_code == 200
    revoke_key(service.database.owner, key.split("_")[1])
    answer = service.get(PATH, key)
    problem = problem_of(answer, 401, "unauthorised")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert problem["errors"][0]["field"] == "header.authorization"


def test_only_the_hash_of_a_key_is_stored(service: Service) -> None:
    key = service.key("vault", "read")
    with service.database.owner.connect() as connection:
        rows = connection.execute(text("SELECT to_jsonb(api_key) FROM clv.api_key")).scalars()
        assert key.split("_", 2)[2] not in json.dumps(list(rows))


@pytest.mark.parametrize(
    "change",
    [
        lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
        lambda key: key.replace("clv_", "CLV_"),
        lambda key: f"clv_{'0' * 16}_{key.split('_', 2)[2]}",
        lambda key: key + "x",
        lambda key: "' OR '1'='1",
        lambda key: "clv_" + "'" * 16 + "_" + "a" * 43,
    ],
    ids=["another secret", "capitals", "another id", "longer", "SQL", "SQL as an id"],
)
def test_a_wrong_key_is_refused(service: Service, reader: str, change: Callable[[str], str]) -> None:
    problem = problem_of(service.get(PATH, change(reader)), 401, "unauthorised")
    assert "clv_" not in problem["detail"]


def test_without_a_key_no_call_is_answered_or_its_fields_looked_at(service: Service) -> None:
    calls = [
        (method, path)
        for path, operations in json.loads(openapi())["paths"].items()
        for method in operations
        if path.startswith("/v1/")
    ]
    assert len(calls) >= 5
    for method, path in calls:
        answer = service.request(method.upper(), f"{path}?unknown=1", content=b"{" if method == "post" else None)
        problem_of(answer, 401, "unauthorised")


def test_another_scheme_is_refused(service: Service, reader: str) -> None:
    problem_of(service.get(PATH, headers={"Authorization": f"Basic {reader}"}), 401, "unauthorised")


def test_a_key_does_what_its_scopes_say_and_no_more(service: Service, reader: str) -> None:
    operator = service.key("operator", "operate")
    for path, key in ((PATH, operator), ("/v1/customers", operator), (OPERATING, reader)):
        problem_of(service.get(path, key), 403, "scope-missing")
    problem_of(service.request("POST", "/v1/runs", reader, json={"month": "2011-11"}), 403, "scope-missing")
    assert service.get(PATH, service.key("both", "read", "operate")).status_code == 200


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "Till 7"}, "is not a name of a key"),
        ({"name": ""}, "is not a name of a key"),
        ({"scopes": ["write"]}, "write: give one or more of read, forecast, operate"),
        ({"scopes": []}, "is empty"),
        ({"created_by": " "}, "--by must not be empty"),
    ],
)
def test_a_key_that_nobody_could_account_for_is_not_made(database: Database, given: dict, said: str) -> None:
    with pytest.raises(KeyRefusedError, match=re.escape(said)):
        create_key(database.owner, **{"name": "till", "scopes": ["read"], "created_by": "Ada"} | given)


def test_a_name_stands_for_one_valid_key(database: Database) -> None:
    first = create_key(database.owner, name="till", scopes=["read"], created_by="Ada")
    with pytest.raises(KeyRefusedError, match="a key named till is valid already"):
        create_key(database.owner, name="till", scopes=["read"], created_by="Ada")
    revoke_key(database.owner, first.split("_")[1])
    assert create_key(database.owner, name="till", scopes=["read"], created_by="Ada") != first


def test_the_program_makes_lists_and_revokes(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLV_OWNER_DATABASE_URL", database.owner_url)
    api_key.main(["create", "--name", "till", "--scopes", "read,operate", "--by", "Ada"])
    key = capsys.readouterr().out.strip()
    key_id = key.split("_")[1]
    api_key.main(["list"])
    assert capsys.readouterr().out.startswith(f"{key_id}\ttill\toperate,read\tvalid\t")
    api_key.main(["revoke", "--key-id", key_id])
    api_key.main(["list"])
    assert "\trevoked 2" in capsys.readouterr().out
    with pytest.raises(KeyRefusedError, match="no valid key has the id"):
        api_key.main(["revoke", "--key-id", key_id])


def test_the_program_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RefusedError, match="command"):
        api_key.main([])
    monkeypatch.delenv("CLV_OWNER_DATABASE_URL", raising=False)
    with pytest.raises(SettingsError, match="CLV_OWNER_DATABASE_URL is not set"):
        api_key.main(["list"])


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO clv.api_key (key_id, name, sha256, scopes, created_by) "
        "VALUES ('0123456789abcdef', 'mine', repeat('0', 64), ARRAY['operate'], 'me')",
        "UPDATE clv.api_key SET scopes = ARRAY['operate']",
        "UPDATE clv.api_key SET revoked_at = NULL",
        "DELETE FROM clv.api_key",
        "TABLE clv.forecast_rows",
        "TABLE clv.run",
        "TABLE clv.published",
        "TABLE clv.margin_forecast",
        "SELECT clv.begin_load('2011-12-01', 1)",
        "CREATE TABLE clv.mine (x int)",
        "SET ROLE clv_owner",
        "SET ROLE clv_writer",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_the_role_of_the_service_reads_and_does_nothing_else(published: Database, sql: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), published.api.begin() as connection:
        connection.execute(text(sql))
