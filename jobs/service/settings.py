"""What the service needs to know, taken from the environment; `.env.example` explains each variable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jobs.core.refusal import RefusedError
from jobs.core.settings import lake_root


class ServiceSettingsError(RefusedError):
    """A variable that the service needs is not set, or malformed."""


@dataclass(frozen=True, kw_only=True)
class AirflowAccess:
    """Where Airflow's REST API is, and whom the service logs in as."""

    address: str
    user: str
    password: str


@dataclass(frozen=True, kw_only=True)
class ModelAccess:
    """Where the champion, and the shop that it forecasts, are read from."""

    source: str
    lake: str
    tracking_uri: str


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """The settings of one service.

    Attributes:
        database_url: SQLAlchemy URL of the forecast database, as the role `clv_api`.
        airflow: None if the service is not to start runs.
        model: None if the service is not to forecast on request.
        host: where it listens.
        port: where it listens; 0 for any free port.
        requests_per_second: how many requests a key may make for long.
        burst: how many it may make at once.
        strangers_per_second: how many keys that were not valid here before an address may present for long.
        strangers_burst: how many it may present at once; more than a key's burst, whose first requests count here.
        connections: the most connections that are open to Postgres.
        head_bytes: the longest path, query and headers of a request, together.
        head_seconds: how long a request line and its headers may take to arrive.
        body_seconds: how long a body may take to arrive.
        request_seconds: the longest time a request may take.
        key_seconds: for how long a key that was valid is not looked up again, and a revoked one may still be accepted.
        under_way: with how many requests under way the next one below /v1 is refused.
        in_flight: the most requests with a key that are answered at once.
        wait_seconds: how long another may wait until one of them is answered.
        ready_seconds: how long an answer of /readyz is given again.
        proxies: addresses, with commas, of proxies whose X-Forwarded-For names the caller; empty: none.
        max_age_days: how old the newest forecast may be while the service is ready; None: of any age.
        model_seconds: how often the service looks whether another version is the champion.
        forecasts_waiting: how many requests for forecasts may wait while one is computed.
    """

    database_url: str
    airflow: AirflowAccess | None = None
    model: ModelAccess | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    requests_per_second: float = 20.0
    burst: int = 40
    strangers_per_second: float = 5.0
    strangers_burst: int = 100
    connections: int = 8
    head_bytes: int = 16 * 1024
    head_seconds: float = 5.0
    body_seconds: float = 5.0
    request_seconds: float = 15.0
    key_seconds: float = 2.0
    under_way: int = 300
    in_flight: int = 24
    wait_seconds: float = 1.0
    ready_seconds: float = 1.0
    proxies: str = ""
    max_age_days: int | None = None
    model_seconds: float = 30.0
    forecasts_waiting: int = 8

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> ServiceSettings:
        """Read the variables; those that are not set have defaults, except CLV_API_DATABASE_URL.

        Raises:
            ServiceSettingsError: a variable is missing or malformed.
        """
        url = environ.get("CLV_API_DATABASE_URL")
        if not url:
            raise ServiceSettingsError(
                "CLV_API_DATABASE_URL is not set. Set it to the forecast database as the role clv_api: .env.example "
                "explains it"
            )
        usual = cls(database_url=url)
        return cls(
            database_url=url,
            airflow=_airflow(environ),
            model=_model(environ),
            host=environ.get("CLV_API_HOST") or usual.host,
            port=_number(environ, "CLV_API_PORT", usual.port),
            requests_per_second=_number(environ, "CLV_API_REQUESTS_PER_SECOND", int(usual.requests_per_second), 1),
            burst=_number(environ, "CLV_API_BURST", usual.burst, 1),
            connections=_number(environ, "CLV_API_CONNECTIONS", usual.connections, 1),
            model_seconds=_number(environ, "CLV_API_MODEL_SECONDS", int(usual.model_seconds), 1),
            proxies=environ.get("CLV_API_PROXIES", ""),
            max_age_days=_number(environ, "CLV_API_MAX_AGE_DAYS", -1) if environ.get("CLV_API_MAX_AGE_DAYS") else None,
        )


def _airflow(environ: Mapping[str, str]) -> AirflowAccess | None:
    address = environ.get("CLV_AIRFLOW_URL")
    if not address:
        return None
    user, password = (environ.get(name) for name in ("CLV_AIRFLOW_USER", "CLV_AIRFLOW_PASSWORD"))
    if not user or not password:
        raise ServiceSettingsError(
            "CLV_AIRFLOW_URL is set, but CLV_AIRFLOW_USER or CLV_AIRFLOW_PASSWORD is not. Set all three, or none: the "
            "service then starts no runs"
        )
    return AirflowAccess(address=address.rstrip("/"), user=user, password=password)


def _model(environ: Mapping[str, str]) -> ModelAccess | None:
    source, lake, tracking_uri = (environ.get(name) for name in ("CLV_SOURCE", "CLV_LAKE", "MLFLOW_TRACKING_URI"))
    if source and lake and tracking_uri:
        return ModelAccess(source=source, lake=lake_root(lake), tracking_uri=tracking_uri)
    if source or lake:
        raise ServiceSettingsError(
            "CLV_SOURCE or CLV_LAKE is set, but CLV_SOURCE, CLV_LAKE and MLFLOW_TRACKING_URI are not. Set all three, "
            "or neither of the two: the service then makes no forecasts on request"
        )
    return None


def _number(environ: Mapping[str, str], name: str, usual: int, least: int = 0) -> int:
    text = environ.get(name)
    if not text:
        return usual
    if not text.isdecimal() or int(text) < least:
        raise ServiceSettingsError(f"{name}={text} is not a whole number from {least} on: correct it, or unset it")
    return int(text)
