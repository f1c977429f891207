"""The TCP ports of the stack: from variables, else those of the last start, else the defaults, else any free ports."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"


class PortTakenError(RuntimeError):
    """A port set by a variable is in use."""


@dataclass(frozen=True)
class Ports:
    """Where Airflow's API server (and UI), MLflow and Postgres listen."""

    airflow: int
    mlflow: int
    postgres: int = 5432


USUAL_PORTS = Ports(airflow=8080, mlflow=5000)


def given_ports(environ: Mapping[str, str], otherwise: Ports) -> Ports:
    """The ports set by `AIRFLOW_PORT`, `MLFLOW_PORT` and `POSTGRES_PORT`, or those of `otherwise` if unset."""
    return Ports(
        airflow=int(environ.get("AIRFLOW_PORT") or otherwise.airflow),
        mlflow=int(environ.get("MLFLOW_PORT") or otherwise.mlflow),
        postgres=int(environ.get("POSTGRES_PORT") or otherwise.postgres),
    )


def free_ports(environ: Mapping[str, str], preferred: Ports) -> Ports:
    """The ports to start on; raises PortTakenError if a variable sets a port that is in use."""
    airflow = _free_port("AIRFLOW_PORT", environ, preferred.airflow)
    mlflow = _free_port("MLFLOW_PORT", environ, preferred.mlflow, airflow)
    return Ports(airflow, mlflow, _free_port("POSTGRES_PORT", environ, preferred.postgres, airflow, mlflow))


def _free_port(variable: str, environ: Mapping[str, str], preferred: int, *taken: int) -> int:
    given = environ.get(variable)
    port = int(given) if given else preferred
    if port not in taken and _is_free(port):
        return port
    if given:
        raise PortTakenError(f"{variable}={given} is in use: set another port, or unset it to use any free port")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
