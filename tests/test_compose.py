"""What docker-compose.yml must agree on with the files around it; the containers themselves are not started here."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pyspark
import yaml

from jobs import mlflow_accounts
from jobs.core.settings import VARIABLES

REPOSITORY = Path(__file__).parents[1]
COMPOSE = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]


MLFLOW_LOGIN = {"MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"}
"""What MLflow's client reads."""


def text_of(path: str) -> str:
    return (REPOSITORY / path).read_text(encoding="utf-8")


def test_every_variable_it_reads_stands_in_the_example() -> None:
    example = set(re.findall(r"^(\w+)=", text_of(".env.example"), flags=re.MULTILINE))
    assert set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE)) <= example


def test_nothing_listens_beyond_the_loopback_interface() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(published) == 6
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_scheduler_has_every_setting_of_a_job() -> None:
    assert set(VARIABLES) <= set(SERVICES["airflow-scheduler"]["environment"])


def test_the_driver_and_the_executors_see_the_same_lake_and_landing() -> None:
    executors, driver = (SERVICES[name]["volumes"] for name in ("spark-worker", "airflow-scheduler"))
    assert set(executors) <= set(driver)


def test_postgres_is_given_every_password_that_bootstrap_reads() -> None:
    names = re.findall(r"^\\getenv \w+ (\w+)$", text_of("sql/bootstrap.sql"), flags=re.MULTILINE)
    assert len(names) == 6
    assert set(names) <= set(SERVICES["postgres"]["environment"])


def test_the_pool_and_the_connections_of_the_dag_are_made() -> None:
    dags = "".join(text_of(f"dags/{module}.py") for module in ("clv_tasks", "clv_airflow_api", "clv_alerts"))
    (pool,) = re.findall(r'^SPARK_POOL = "(\w+)"$', dags, flags=re.MULTILINE)
    assert f"airflow pools set {pool} 1 " in SERVICES["init"]["command"][-1]
    connections = set(re.findall(r'(?:conn_id=|Connection\.get\()"(\w+)"', dags))
    assert connections == {"airflow_api", "spark_default", "clv_alerts"}
    needed = connections - {"clv_alerts"}  # whom to tell is for the operator to say
    assert {f"AIRFLOW_CONN_{name.upper()}" for name in needed} <= set(SERVICES["airflow-scheduler"]["environment"])


def test_the_command_that_makes_keys_runs_where_the_owner_s_address_is() -> None:
    [service] = re.findall(
        r"^docker compose run --rm (\S+) python -m jobs\.api_key ", text_of("docs/api.md"), re.MULTILINE
    )
    assert "CLV_OWNER_DATABASE_URL" in SERVICES[service]["environment"]


def test_the_service_has_the_settings_it_reads_and_no_secret_of_others() -> None:
    environment = set(SERVICES["api"]["environment"])
    settings = set(re.findall(r'"(CLV_\w+|MLFLOW_\w+)"', text_of("jobs/service/settings.py")))
    assert environment <= settings | MLFLOW_LOGIN
    assert {"CLV_API_DATABASE_URL", "CLV_AIRFLOW_URL", "CLV_AIRFLOW_USER", "CLV_AIRFLOW_PASSWORD"} <= environment
    assert "ADMIN" not in str(SERVICES["api"]["environment"])
    user = SERVICES["api"]["environment"]["CLV_AIRFLOW_USER"]
    accounts = re.findall(r'"([\w-]+)": \("(\w+)", "(\w+)"\)', text_of("jobs/accounts.py"))
    assert (user, "User", "AIRFLOW_API_PASSWORD") in accounts
    assert {variable for _, _, variable in accounts} <= set(SERVICES["init"]["environment"])
    assert "python -m jobs.accounts" in SERVICES["init"]["command"][-1]
    assert all(volume.endswith(":ro") for volume in SERVICES["api"]["volumes"])
    example = set(re.findall(r"(?:CLV|MLFLOW)_\w+", text_of(".env.example")))
    assert settings <= example


def test_every_account_of_mlflow_has_its_password_and_who_uses_one_has_its_own() -> None:
    assert {variable for _, variable in mlflow_accounts.ACCOUNTS.values()} <= set(SERVICES["mlflow"]["environment"])
    assert "--app-name basic-auth" in str(SERVICES["mlflow"]["command"])
    for service, name in (("airflow-scheduler", mlflow_accounts.ADMIN), ("api", "clv-api")):
        environment = SERVICES[service]["environment"]
        assert environment["MLFLOW_TRACKING_USERNAME"] == name
        _, variable = mlflow_accounts.ACCOUNTS[name]
        assert environment["MLFLOW_TRACKING_PASSWORD"].startswith(f"${{{variable}")


def test_backups_are_a_profile_with_every_setting_that_their_programs_read() -> None:
    service = SERVICES["backup"]
    assert service["profiles"] == ["backup"]
    read = {"CLV_SOURCE", "CLV_LANDING", "CLV_LAKE", "CLV_REPORTS", "CLV_ARTIFACTS", "CLV_SUPERUSER_DATABASE_URL"}
    assert set(service["environment"]) == {*read, "PGPASSWORD"}
    artifacts = service["environment"]["CLV_ARTIFACTS"]
    assert f"--artifacts-destination file://{artifacts} " in f"{SERVICES['mlflow']['command']} "
    for name in ("CLV_LAKE", "CLV_REPORTS"):
        assert service["environment"][name] == SERVICES["airflow-scheduler"]["environment"][name]


def test_the_rest_service_is_a_profile_and_nothing_else_needs_it() -> None:
    assert SERVICES["api"]["profiles"] == ["api"]
    assert not any("api" in service.get("depends_on", []) for service in SERVICES.values())


def test_the_dashboards_are_a_profile_with_the_settings_that_superset_reads() -> None:
    pages, superset = SERVICES["dashboard-pages"], SERVICES["dashboard"]
    assert pages["profiles"] == superset["profiles"] == ["bi"]
    assert pages["volumes"] == superset["volumes"]
    image = text_of("dashboard/Dockerfile")
    folder = pages["command"].partition("--folder ")[2]
    assert f"provision.py {folder};" in image
    read = re.findall(
        r'os\.environ(?:\.get\(|\[)"(\w+)"', text_of("dashboard/superset_config.py") + text_of("dashboard/provision.py")
    )
    given = {*superset["environment"], *re.findall(r"(\w+)=", image)}
    assert read
    assert set(read) <= given
    assert set(pages["environment"]) == {"CLV_READER_DATABASE_URL"}


def test_the_image_s_java_has_the_modules_that_spark_asks_for() -> None:
    [launcher] = Path(pyspark.__path__[0]).glob("jars/spark-launcher_*.jar")
    options = zipfile.ZipFile(launcher).read("org/apache/spark/launcher/JavaModuleOptions.class")
    asked = set(re.findall(r"--add-modules=([\w.]+)", options.decode("latin-1")))
    assert asked
    assert asked <= set(re.findall(r"(?:java|jdk)\.[\w.]+", text_of("Dockerfile")))
