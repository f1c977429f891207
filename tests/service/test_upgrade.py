"""A server that was set up before the service: its owner cannot make the role, and is told what to do."""

from __future__ import annotations

from pathlib import Path

import psycopg2
import pytest
from sqlalchemy.exc import DBAPIError

from jobs.core.migrations import migrate
from jobs.core.postgres import engine
from jobs.local_stack import postgres_server


def test_the_owner_of_an_older_server_is_told_to_make_the_role(tmp_path: Path) -> None:
    with postgres_server.temporary(tmp_path / "data") as folder:
        connection = psycopg2.connect(dbname="postgres", user=postgres_server.SUPERUSER, host=str(folder))
        connection.autocommit = True
        with connection.cursor() as cursor:
            for role in ("clv_owner", "clv_writer", "clv_reader"):
                cursor.execute(f"CREATE ROLE {role} LOGIN")
            cursor.execute("CREATE DATABASE clv OWNER clv_owner")
        owner = engine(postgres_server.url("clv_owner", "clv", folder.parent))
        with pytest.raises(
            (DBAPIError, psycopg2.Error), match=r"role clv_api does not exist[\s\S]*bootstrap.sql that name clv_api"
        ):
            migrate(owner)
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE clv_api LOGIN")
        connection.close()
        assert "0017_create_api" in migrate(owner)
        assert migrate(owner) == []
