from __future__ import annotations

from pathlib import Path

import pytest

from jobs.core.month import Month
from jobs.lake.lake import Lake
from tests.planning.shop import NOVEMBER, deliver


@pytest.fixture
def landing(environment: None, lake: Lake) -> Path:
    """A shop that has delivered its transactions from September to November 2011."""
    folder = Path(lake.root).with_name("landing")
    deliver(folder, "transactions", Month(2011, 9).through(NOVEMBER))
    return folder
