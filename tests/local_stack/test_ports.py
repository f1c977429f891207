from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from jobs.local_stack.ports import LOOPBACK, Ports, PortTakenError, free_ports, given_ports


@pytest.fixture
def taken() -> Iterator[int]:
    """A port somebody listens on."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def test_the_ports_of_last_time_are_taken_again() -> None:
    wished = Ports(a_free_port(), a_free_port(), a_free_port())
    assert free_ports({}, wished) == wished


def test_a_port_in_use_is_replaced_by_a_free_one(taken: int) -> None:
    actual = free_ports({}, Ports(taken, taken, taken))
    assert len({taken, actual.airflow, actual.mlflow, actual.postgres}) == 4


def test_a_port_given_by_a_variable_is_used() -> None:
    given = Ports(a_free_port(), a_free_port(), a_free_port())
    environ = {"AIRFLOW_PORT": given.airflow, "MLFLOW_PORT": given.mlflow, "POSTGRES_PORT": given.postgres}
    texts = {name: str(port) for name, port in environ.items()}
    assert free_ports(texts, Ports(1, 2, 3)) == given_ports(texts, Ports(1, 2, 3)) == given


def test_a_port_given_by_a_variable_that_is_in_use_is_refused(taken: int) -> None:
    with pytest.raises(PortTakenError, match=f"MLFLOW_PORT={taken} is in use"):
        free_ports({"MLFLOW_PORT": str(taken)}, Ports(1, 2))
