"""The TCP ports of the stack: given by variables, else those of last time, else the usual ones, else any free ones."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"


class PortTakenError(RuntimeError):
    """A port that was asked for is in use."""


@dataclass(frozen=True)
class Ports:
    """Where Airflow's API server (and UI) and MLflow listen."""

    airflow: int
    mlflow: int


USUAL_PORTS = Ports(airflow=8080, mlflow=5000)


def given_ports(environ: Mapping[str, str], otherwise: Ports) -> Ports:
    """The ports that `AIRFLOW_PORT` and `MLFLOW_PORT` ask for, and those of `otherwise` where they do not."""
    return Ports(
        airflow=int(environ.get("AIRFLOW_PORT") or otherwise.airflow),
        mlflow=int(environ.get("MLFLOW_PORT") or otherwise.mlflow),
    )


def free_ports(environ: Mapping[str, str], wished: Ports) -> Ports:
    """Ports to start on; raises PortTakenError where a variable asks for one that is in use."""
    airflow = _free_port("AIRFLOW_PORT", environ, wished.airflow, taken=None)
    return Ports(airflow=airflow, mlflow=_free_port("MLFLOW_PORT", environ, wished.mlflow, taken=airflow))


def _free_port(variable: str, environ: Mapping[str, str], wished: int, *, taken: int | None) -> int:
    given = environ.get(variable)
    port = int(given) if given else wished
    if port != taken and _is_free(port):
        return port
    if given:
        raise PortTakenError(f"{variable}={given} is in use: give another one, or none to have a free one chosen")
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
