from __future__ import annotations

import configparser
import json
import stat
from pathlib import Path

from jobs.local_stack.airflow_config import airflow_config, secrets_of, write_private


def parsed(tmp_path: Path, *, on_schedule: bool = False) -> configparser.ConfigParser:
    text = airflow_config(
        port=18080,
        database_url="postgresql+psycopg2://airflow@/airflow?host=/a%20folder",
        password_file=tmp_path / "passwords.json",
        secret=secrets_of(tmp_path),
        on_schedule=on_schedule,
    )
    parser = configparser.ConfigParser()
    parser.read_string(text)
    return parser


def test_everything_that_names_the_port_agrees_and_listens_on_the_loopback_interface(tmp_path: Path) -> None:
    config = parsed(tmp_path)
    assert (config["api"]["host"], config["api"]["port"]) == ("127.0.0.1", "18080")
    assert config["api"]["base_url"] == "http://127.0.0.1:18080"
    assert config["core"]["execution_api_server_url"] == "http://127.0.0.1:18080/execution/"


def test_a_database_url_with_per_cent_signs_is_read_back_as_it_is(tmp_path: Path) -> None:
    assert parsed(tmp_path)["database"]["sql_alchemy_conn"].endswith("host=/a%20folder")


def test_the_calendar_starts_runs_only_where_asked_to(tmp_path: Path) -> None:
    assert parsed(tmp_path)["scheduler"]["use_job_schedule"] == "False"
    assert parsed(tmp_path, on_schedule=True)["scheduler"]["use_job_schedule"] == "True"


def test_secrets_are_made_once_and_nobody_else_reads_them(tmp_path: Path) -> None:
    made = secrets_of(tmp_path)
    assert secrets_of(tmp_path) == made
    assert len(set(made.values())) == len(made) == 8
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_a_secret_that_an_older_stack_lacks_is_added(tmp_path: Path) -> None:
    made = secrets_of(tmp_path)
    (tmp_path / "secrets.json").write_text(json.dumps({name: made[name] for name in made if name != "api_password"}))
    added = secrets_of(tmp_path)
    assert {**added, "api_password": ""} == {**made, "api_password": ""}
    assert added == secrets_of(tmp_path)


def test_the_service_has_a_user_of_its_own_that_is_no_administrator(tmp_path: Path) -> None:
    assert parsed(tmp_path)["core"]["simple_auth_manager_users"] == "admin:admin,clv-api:user"


def test_a_private_file_is_private_even_where_an_open_one_lay(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text("{}")
    path.chmod(0o644)
    write_private(path, json.dumps({"admin": "secret"}))
    assert (stat.S_IMODE(path.stat().st_mode), json.loads(path.read_text())) == (0o600, {"admin": "secret"})
