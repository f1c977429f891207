"""The DAG's tasks as a worker sees them when they fail: `tests/dags/conftest.py`."""

from __future__ import annotations

from tests.dags.conftest import dag, dag_bag, render, results

__all__ = ["dag", "dag_bag", "render", "results"]
