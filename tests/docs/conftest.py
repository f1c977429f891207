"""The DAGs that the pages' commands name: `tests/dags/conftest.py`."""

from __future__ import annotations

from tests.dags.conftest import dag_bag

__all__ = ["dag_bag"]
